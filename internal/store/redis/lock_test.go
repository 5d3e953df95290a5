package redis_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/oauth"
	"crs/internal/secret"
	"crs/internal/store"
	"crs/internal/store/redis"
)

// issuer gives token pairs whose refresh tokens are good once, as providers do.
type issuer struct {
	mu     sync.Mutex
	good   string
	issued int
	asked  atomic.Int32
}

func (i *issuer) Renew(_ context.Context, a *account.Account) (account.Credential, error) {
	i.asked.Add(1)
	time.Sleep(20 * time.Millisecond)
	i.mu.Lock()
	defer i.mu.Unlock()
	if a.Credential.Refresh.Reveal() != i.good {
		return account.Credential{}, &oauth.Rejected{Why: "invalid_grant: this refresh token was used before"}
	}
	i.issued++
	i.good = fmt.Sprint("refresh-", i.issued)
	fresh := a.Credential
	fresh.Secret, fresh.Refresh = secret.New(fmt.Sprint("access-", i.issued)), secret.New(i.good)
	fresh.ExpiresAt, fresh.Generation = time.Now().Add(time.Hour), fresh.Generation+1
	return fresh, nil
}

// plainly seals nothing.
type plainly struct{}

func (plainly) Seal(_ string, plain secret.String) (string, error)    { return plain.Reveal(), nil }
func (plainly) Unseal(_ string, sealed string) (secret.String, error) { return secret.New(sealed), nil }

// keeper is a node that keeps tokens fresh.
type keeper struct {
	*oauth.Keeper
	roster *account.Roster
	pool   *account.Pool
	node   *redis.Node
}

func newKeeper(t *testing.T, s *redis.Store, docs store.Documents, source oauth.Source, change ...func(*redis.NodeOptions)) keeper {
	t.Helper()
	k := keeper{node: join(t, s, change...)}
	k.pool = pool(t, k.node)
	roster, err := account.LoadRoster(t.Context(), docs, plainly{}, k.pool, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	k.roster = roster
	k.Keeper = oauth.NewKeeper(oauth.Options{Roster: roster, Pool: k.pool, Source: source, Now: time.Now, Locks: k.node, Patience: time.Second})
	return k
}

func oldAccount(t *testing.T, s *redis.Store) *account.Account {
	t.Helper()
	roster, err := account.LoadRoster(t.Context(), s, plainly{}, account.NewPool(account.Options{Now: time.Now}), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	a, err := roster.Add(t.Context(), account.Account{Name: "sub", Platform: "claude", Credential: account.Credential{
		Kind: account.OAuth, Secret: secret.New("access-0"), Refresh: secret.New("refresh-0"), ExpiresAt: time.Now().Add(time.Minute),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestOneNodeRefreshesAndAllHaveThePair(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := connect(t, url)
		old := oldAccount(t, s)
		from := &issuer{good: "refresh-0"}
		var nodes []keeper
		for range 4 {
			nodes = append(nodes, newKeeper(t, s, s, from))
		}
		for round := 1; round <= 3; round++ {
			var wg sync.WaitGroup
			for i := range 16 {
				wg.Go(func() {
					fresh, err := nodes[i%4].Renew(context.Background(), old)
					if err != nil || fresh.Credential.Secret.Reveal() != fmt.Sprint("access-", round) {
						t.Errorf("round %d: %v, %v", round, fresh, err)
					}
				})
			}
			wg.Wait()
			if int(from.asked.Load()) != round {
				t.Fatalf("the provider was asked %d times in %d rounds", from.asked.Load(), round)
			}
			var err error
			if old, err = nodes[0].roster.Reread(t.Context(), old.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// hanging is a provider that answers no refresh before it is told to.
type hanging struct{ until chan struct{} }

func (h hanging) Renew(_ context.Context, a *account.Account) (account.Credential, error) {
	<-h.until
	fresh := a.Credential
	fresh.Secret, fresh.ExpiresAt = secret.New("access-1"), time.Now().Add(time.Hour)
	return fresh, nil
}

// TestNoRequestWaitsLongForAnotherNodesRefresh: the first waits for a while, those behind it not at all, and a token that is good
// still is used.
func TestNoRequestWaitsLongForAnotherNodesRefresh(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := connect(t, url)
		old := oldAccount(t, s)
		provider := hanging{make(chan struct{})}
		one, two := newKeeper(t, s, s, provider), newKeeper(t, s, s, provider)
		got := make(chan error, 1)
		go func() {
			_, err := one.Renew(context.Background(), old)
			got <- err
		}()
		var slow *oauth.UnderWay
		for range 3 {
			if _, err := two.RenewSoon(t.Context(), old); !errors.As(err, &slow) {
				t.Errorf("who waits is told: %v", err)
			}
		}
		if fresh, err := two.Fresh(t.Context(), old); err != nil || fresh.Credential.Secret.Reveal() != "access-0" {
			t.Errorf("a token that is good for a minute: %v, %v", fresh, err)
		}
		close(provider.until)
		if err := <-got; err != nil {
			t.Error(err)
		}
		if fresh, err := two.Renew(t.Context(), old); err != nil || fresh.Credential.Secret.Reveal() != "access-1" {
			t.Errorf("%v, %v", fresh, err)
		}
	})
}

// failing is a store that takes no writes for a while.
type failing struct {
	store.Documents
	left atomic.Int32
}

func (f *failing) Put(ctx context.Context, d store.Doc) (int64, error) {
	if f.left.Add(-1) >= 0 {
		return 0, errors.New("connection refused")
	}
	return f.Documents.Put(ctx, d)
}

func TestAPairThatCannotBeKeptAtOnceIsNotLost(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := connect(t, url)
		old := oldAccount(t, s)
		docs := &failing{Documents: s}
		docs.left.Store(3)
		from := &issuer{good: "refresh-0"}
		one, two := newKeeper(t, s, docs, from), newKeeper(t, s, s, from)
		got := make(chan error, 2)
		for _, k := range []keeper{one, two} {
			go func() {
				fresh, err := k.Renew(context.Background(), old)
				if err == nil && fresh.Credential.Secret.Reveal() != "access-1" {
					err = fmt.Errorf("it has %s", fresh.Credential.Secret.Reveal())
				}
				got <- err
			}()
			soon(t, "the provider to be asked", func() bool { return from.asked.Load() > 0 })
		}
		for range 2 {
			if err := <-got; err != nil {
				t.Error(err)
			}
		}
		if from.asked.Load() != 1 {
			t.Errorf("the provider was asked %d times", from.asked.Load())
		}
	})
}

// TestARefreshWhoseNodeDiedIsTakenOver: its lock is free when its lease is over.
func TestARefreshWhoseNodeDiedIsTakenOver(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := connect(t, url)
		old := oldAccount(t, s)
		short := func(o *redis.NodeOptions) { o.Lease, o.Renew = 1500*time.Millisecond, 100*time.Millisecond }
		dead := join(t, s, short)
		if _, held, err := dead.Lock(t.Context(), "token:"+old.ID); !held || err != nil {
			t.Fatal(held, err)
		}
		from := &issuer{good: "refresh-0"}
		k := newKeeper(t, s, s, from, short)
		ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
		defer stop()
		if _, err := k.Renew(ctx, old); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("refreshed while another node was about to: %v", err)
		}
		dead.Kill()
		if fresh, err := k.Renew(t.Context(), old); err != nil || fresh.Credential.Secret.Reveal() != "access-1" {
			t.Error(fresh, err)
		}
	})
}

// TestATokenThatIsBeingUsedUpStaysItsNodes: however long that node is not heard of, for only it knows what became of it; but its next
// process takes it over.
func TestATokenThatIsBeingUsedUpStaysItsNodes(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := connect(t, url)
		old := oldAccount(t, s)
		const lease = 300 * time.Millisecond
		named := func(name string, first bool) func(*redis.NodeOptions) {
			return func(o *redis.NodeOptions) {
				o.Name, o.First, o.Lease, o.Renew = name, first, lease, 50*time.Millisecond
			}
		}
		dead := join(t, s, named("one", true))
		lock := "token:" + old.ID
		if _, held, err := dead.Lock(t.Context(), lock); !held || err != nil {
			t.Fatal(held, err)
		}
		if err := dead.Spend(t.Context(), lock); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, held, err := dead.Lock(t.Context(), lock); held || err != nil {
				t.Errorf("it has its own lock twice: %v", err)
			}
			time.Sleep(lease) // it is renewed meanwhile, and not made shorter
		}
		dead.Kill()
		time.Sleep(3 * lease)
		other, heir := join(t, s, named("two", true)), join(t, s, named("one", false))
		for _, n := range []*redis.Node{other, heir} {
			if _, held, err := n.Lock(t.Context(), lock); held || err != nil {
				t.Errorf("another one has it: %v", err)
			}
			if err := n.Spend(t.Context(), lock); err == nil {
				t.Error("kept what it does not have")
			}
		}
		release, held, err := join(t, s, named("one", true)).Lock(t.Context(), lock)
		if !held || err != nil {
			t.Fatalf("its next process does not have it: %v", err)
		}
		release()
		soon(t, "the lock to be free", func() bool { _, held, err := other.Lock(t.Context(), lock); return held && err == nil })
	})
}
