package redis_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/internal/store/redis"
)

const messages = "anthropic/messages"

// pools gives pools of as many nodes on one store, each with the same accounts.
func pools(t testing.TB, s *redis.Store, n int, accounts ...account.Account) []*account.Pool {
	t.Helper()
	var all []*account.Pool
	for range n {
		all = append(all, pool(t, join(t, s), accounts...))
	}
	return all
}

func pool(t testing.TB, node *redis.Node, accounts ...account.Account) *account.Pool {
	t.Helper()
	p := account.NewPool(account.Options{
		Now: time.Now, Platforms: map[string]account.Platform{"claude-console": {Services: []string{messages}}},
		Wait: 20 * time.Second, StickyFor: time.Hour, Auth: 30 * time.Minute, Quota: time.Hour, Throttle: time.Minute,
		Failures: 3, Failing: 30 * time.Second, Random: func() float64 { return 0.5 }, Shared: node.Accounts(),
	})
	for _, a := range accounts {
		p.Set(&a)
	}
	if err := node.Follow(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	return p
}

func acc(name string, most int) account.Account {
	return account.Account{
		ID: "acc_" + name, Name: name, Platform: "claude-console", Priority: 50, MaxConcurrency: most,
		Credential: account.Credential{Kind: account.APIKey, Secret: secret.New("sk"), Generation: 1},
	}
}

func want(session string) *account.Want {
	return &account.Want{Service: messages, Model: "claude-opus-4-8", Family: "opus", Session: session}
}

func pick(t testing.TB, p *account.Pool, w *account.Want) *account.Lease {
	t.Helper()
	l, err := p.Pick(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestNodesShareAnAccountsSlots(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		p := pools(t, connect(t, url), 2, acc("a", 1), acc("b", 2))
		var leases []*account.Lease
		got := map[string]int{}
		for i := range 3 {
			l := pick(t, p[i%2], want(""))
			leases = append(leases, l)
			got[l.Account().Name]++
		}
		if got["a"] != 1 || got["b"] != 2 {
			t.Errorf("lent %v", got)
		}
		waited := make(chan time.Duration)
		go func() {
			start := time.Now()
			pick(t, p[0], want("")).Release(account.Outcome{})
			waited <- time.Since(start)
		}()
		time.Sleep(50 * time.Millisecond)
		for _, l := range leases {
			l.Release(account.Outcome{Result: account.Served})
		}
		t.Logf("waited %v for a slot", <-waited)
	})
}

func TestNoAccountServesMoreThanItMayWhoeverAsks(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		p := pools(t, connect(t, url), 3, acc("a", 2), acc("b", 3))
		var mu sync.Mutex
		in, most := map[string]int{}, map[string]int{}
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() {
				for range 10 {
					l := pick(t, p[i%3], want(""))
					name := l.Account().Name
					mu.Lock()
					in[name]++
					most[name] = max(most[name], in[name])
					mu.Unlock()
					time.Sleep(time.Millisecond)
					mu.Lock()
					in[name]--
					mu.Unlock()
					l.Release(account.Outcome{Result: account.Served})
				}
			})
		}
		wg.Wait()
		if most["a"] > 2 || most["b"] > 3 { // that every slot is lent, TestNodesShareAnAccountsSlots shows
			t.Errorf("at most %v at once", most)
		}
	})
}

func TestWhatOneNodeLearnsTheOthersKnow(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := connect(t, url)
		p := pools(t, s, 2, acc("a", 0), acc("b", 0))
		l := pick(t, p[0], want("talk"))
		name := l.Account().ID
		l.Release(account.Outcome{Result: account.Exhausted, Evidence: "no more", Until: time.Now().Add(time.Hour), Windows: []account.Window{
			{Name: "5h", Used: 1, Status: "rejected", ResetsAt: time.Now().Add(time.Hour)},
		}})
		cooling := func(p *account.Pool) bool {
			st, _ := p.Status(name)
			return st.State == account.Cooling && st.Why == "no more" && len(st.Windows) == 1
		}
		start := time.Now()
		soon(t, "the other node to know", func() bool { return cooling(p[1]) })
		t.Logf("known after %v", time.Since(start))
		late := pool(t, join(t, s), acc("a", 0), acc("b", 0))
		if !cooling(late) {
			t.Error("a node that joins later does not know")
		}
		late.Thaw(name)
		soon(t, "all to know that it is over", func() bool {
			a, _ := p[0].Status(name)
			b, _ := p[1].Status(name)
			return a.State == account.Ready && b.State == account.Ready
		})
		late.Park(name, "refused")
		soon(t, "all to know that it is parked", func() bool {
			st, _ := p[1].Status(name)
			return st.State == account.StateNeeds && st.Why == "refused"
		})
	})
}

func TestAConversationIsOnOneAccountWhicheverNodeIsAsked(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := connect(t, url)
		accounts := []account.Account{acc("a", 0), acc("b", 0), acc("c", 0), acc("d", 0)}
		p := pools(t, s, 2, accounts...)
		on := map[string]string{}
		for _, session := range []string{"one", "two", "three", "four"} {
			l := pick(t, p[0], want(session))
			on[session] = l.Account().Name
			l.Release(account.Outcome{Result: account.Served})
		}
		knows := func(p *account.Pool) func() bool {
			return func() bool {
				for session, name := range on {
					if sights, why := p.Explain(want(session)); sights[0].Name != name || why != "the conversation is on it" {
						return false
					}
				}
				return true
			}
		}
		soon(t, "the other node to know", knows(p[1]))
		if late := pool(t, join(t, s), accounts...); !knows(late)() {
			t.Error("a node that joins later does not know")
		}
	})
}

func TestADeadNodesSlotsAreFreeAndALivingOnesAreNot(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := connect(t, url)
		short := func(o *redis.NodeOptions) { o.Lease, o.Renew = 1500*time.Millisecond, 100*time.Millisecond }
		dead, alive := join(t, s, short), join(t, s, short)
		p := []*account.Pool{pool(t, dead, acc("a", 2)), pool(t, alive, acc("a", 2))}
		g := []gate{shared(dead), shared(alive)}
		a := ask(policy(2))
		pick(t, p[0], want(""))
		admit(t, g[0].Gate, a)
		pick(t, p[1], want(""))
		admit(t, g[1].Gate, a)
		dead.Kill()
		start := time.Now()
		l := pick(t, p[1], want(""))
		soon(t, "the key's place to be free", func() bool { _, err := g[1].Admit(t.Context(), a); return err == nil })
		t.Logf("free after %v", time.Since(start))
		time.Sleep(3 * time.Second) // two leases: the living node's are renewed
		ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer stop()
		if l, err := p[1].Pick(ctx, want("")); err == nil || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a living node's slot was lent to another: %v, %v", l, err)
		}
		turnedAway(t, g[1].Gate, a)
		l.Release(account.Outcome{})
	})
}
