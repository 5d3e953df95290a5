package oauth_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/account"
	"crs/internal/oauth"
	"crs/internal/secret"
)

// hanging is a disk that gives no answer until it is woken.
type hanging struct {
	*one
	woken chan struct{}
}

func (h *hanging) wait() error { <-h.woken; return nil }

func (h *hanging) Rewrite(context.Context, string) error { return h.wait() }
func (h *hanging) Settle(context.Context, string) error  { return h.wait() }
func (h *hanging) Renew(context.Context, string, int64, account.Credential) (*account.Account, error) {
	return h.acc.Load(), h.wait()
}
func (h *hanging) Hold(_ string, fresh account.Credential) (*account.Account, error) {
	next := *h.acc.Load()
	next.Credential = fresh
	h.acc.Store(&next)
	return &next, nil
}

// slow is a reserve on that disk, which may still have taken what tells whether it is ready.
type slow struct {
	*hanging
	ready bool
}

func (s slow) Ready() error {
	if s.ready {
		return nil
	}
	return s.wait()
}
func (slow) Read() ([]oauth.Pair, error) { return nil, nil }
func (s slow) Keep(*oauth.Pair) error    { return s.wait() }
func (s slow) Drop(string)               { _ = s.wait() }

// giving is a provider that gives tokens.
type giving struct{ given int }

func (g *giving) Renew(context.Context, *account.Account) (account.Credential, error) {
	g.given++
	return account.Credential{Secret: secret.New("new"), Refresh: secret.New("rt2"), ExpiresAt: time.Now().Add(time.Hour)}, nil
}

func onHangingDisk(ready bool) (*oauth.Keeper, *hanging, *giving) {
	h, from := &hanging{one: withToken(time.Hour), woken: make(chan struct{})}, new(giving)
	return oauth.NewKeeper(oauth.Options{Roster: h, Reserve: slow{h, ready}, Now: time.Now, Source: from}), h, from
}

// TestAPairIsUsedWhileTheDiskHangs: nobody waits for longer than some seconds, it is told that the pair is nowhere else, and it is put into
// the store when the disk gives answers again.
func TestAPairIsUsedWhileTheDiskHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k, h, _ := onHangingDisk(true)
		began := time.Now()
		acc, err := k.Renew(t.Context(), h.acc.Load())
		if err != nil || acc.Credential.Secret.Reveal() != "new" {
			t.Fatalf("%+v, %v", acc, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it was waited for %s", took)
		}
		if held := k.Held(); len(held) != 1 || held[0].Durable || held[0].Err == nil {
			t.Errorf("%+v", held)
		}
		close(h.woken)
		time.Sleep(5 * time.Second)
		if held := k.Held(); len(held) != 0 {
			t.Errorf("when the disk is back: %+v", held)
		}
		if err := k.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestAGoodTokenIsNotUsedUpWhileTheDiskHangs: the fresh one could be kept nowhere.
func TestAGoodTokenIsNotUsedUpWhileTheDiskHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k, h, from := onHangingDisk(false)
		began := time.Now()
		if _, err := k.Renew(t.Context(), h.acc.Load()); err == nil || from.given > 0 {
			t.Errorf("%v; %d tokens were asked for", err, from.given)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it was waited for %s", took)
		}
		close(h.woken)
		if _, err := k.Renew(t.Context(), h.acc.Load()); err != nil || from.given != 1 {
			t.Errorf("when the disk is back: %v; %d tokens were asked for", err, from.given)
		}
	})
}
