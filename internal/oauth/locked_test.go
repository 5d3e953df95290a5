package oauth_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/account"
	"crs/internal/oauth"
	"crs/internal/secret"
)

// elsewhere are locks that another node has until it is done.
type elsewhere struct{ done atomic.Bool }

func (e *elsewhere) Lock(context.Context, string) (func(), bool, error) {
	return func() {}, e.done.Load(), nil
}
func (e *elsewhere) Spend(context.Context, string) error { return nil }

// one is a roster of one account.
type one struct {
	*account.Roster
	acc atomic.Pointer[account.Account]
}

func (o *one) Get(string) (*account.Account, error) { return o.acc.Load(), nil }
func (o *one) List() []*account.Account             { return []*account.Account{o.acc.Load()} }
func (o *one) Reread(context.Context, string) (*account.Account, error) {
	read := *o.acc.Load()
	return &read, nil
}

// refusing gives no token.
type refusing struct{}

func (refusing) Renew(context.Context, *account.Account) (account.Credential, error) {
	return account.Credential{}, errors.New("not now")
}

// withToken is a roster whose account's token is good for life.
func withToken(life time.Duration) *one {
	o := new(one)
	o.acc.Store(&account.Account{ID: "acc_1", Name: "a", Credential: account.Credential{
		Secret: secret.New("at"), Refresh: secret.New("rt"), ExpiresAt: time.Now().Add(life), Generation: 1,
	}})
	return o
}

// lockedOut is a keeper whose only account's token is good for life, and being refreshed by another node.
func lockedOut(life time.Duration) (*oauth.Keeper, *one, *elsewhere) {
	r, e := withToken(life), new(elsewhere)
	return oauth.NewKeeper(oauth.Options{Roster: r, Now: time.Now, Locks: e, Source: refusing{}, Patience: 10 * time.Second}), r, e
}

// renewedThere is what the other node puts into the store.
func (o *one) renewedThere() {
	next := *o.acc.Load()
	next.Credential.Generation, next.Credential.ExpiresAt = 2, time.Now().Add(time.Hour)
	o.acc.Store(&next)
}

// TestATokenThatIsStillGoodIsNotWaitedForWhileAnotherNodeRefreshesIt; one that has ended is, as long as a request may wait.
func TestATokenThatIsStillGoodIsNotWaitedForWhileAnotherNodeRefreshesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k, r, _ := lockedOut(3 * time.Minute)
		for range 5 {
			began := time.Now()
			got, err := k.Fresh(t.Context(), r.acc.Load())
			if err != nil || got != r.acc.Load() || time.Since(began) > 0 {
				t.Errorf("%v, %v, after %s", got, err, time.Since(began))
			}
			time.Sleep(20 * time.Second)
		}
		time.Sleep(2 * time.Minute)
		began := time.Now()
		if got, err := k.Fresh(t.Context(), r.acc.Load()); !errors.As(err, new(*oauth.UnderWay)) || time.Since(began) > 10*time.Second {
			t.Errorf("with a token that has ended: %+v, %v, after %s", got, err, time.Since(began))
		}
		r.renewedThere()
		if got, err := k.Fresh(t.Context(), r.acc.Load()); err != nil || got.Credential.Generation != 2 {
			t.Errorf("when it is renewed: %v, %v", got, err)
		}
		k.Wait(t.Context())
	})
}

// TestWhatAnotherNodeHasLockedForLongIsNamed, until it has the fresh token in the store, or the lock is had here.
func TestWhatAnotherNodeHasLockedForLongIsNamed(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"it is renewed", "the lock is had here", "nobody looks"} {
		synctest.Test(t, func(t *testing.T) {
			k, r, e := lockedOut(time.Hour)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			began := time.Now()
			named := func(want ...string) {
				t.Helper()
				if names, since := k.LockedElsewhere(); !slices.Equal(names, want) || len(want) > 0 && since != began {
					t.Errorf("%s: after %s it names %q since %s, want %q", how, time.Since(began), names, since.Sub(began), want)
				}
			}
			renew := func() { _, _ = k.Renew(ctx, r.acc.Load()) }
			go renew()
			time.Sleep(5 * time.Second)
			named()
			time.Sleep(30 * time.Second)
			named("a")
			time.Sleep(time.Minute)
			named("a")
			switch how {
			case "it is renewed":
				r.renewedThere()
			case "the lock is had here":
				e.done.Store(true)
				renew()
			default:
				time.Sleep(time.Hour)
			}
			named()
			k.Wait(t.Context())
		})
	}
}
