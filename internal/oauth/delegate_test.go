package oauth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/account"
	"crs/internal/oauth"
)

// successor refreshes in the place of a keeper until it ends.
type successor struct {
	roster *one
	ended  chan struct{}
	asked  int
}

func (s *successor) Renew(ctx context.Context, _ string, _ int64) error {
	s.asked++
	select {
	case <-s.ended:
		return errors.New("it has ended")
	case <-time.After(2 * time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.roster.renewedThere()
	return nil
}

// TestTokensAreRefreshedByWhomTheKeeperHandedOverTo, once for all who ask, and here again when that process has ended.
func TestTokensAreRefreshedByWhomTheKeeperHandedOverTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := withToken(time.Minute)
		k := oauth.NewKeeper(oauth.Options{Roster: r, Pool: nobody{}, Now: time.Now, Source: refusing{}, Patience: 10 * time.Second})
		s := &successor{roster: r, ended: make(chan struct{})}
		if _, err := k.Delegate(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		old, done := r.acc.Load(), make(chan *account.Account)
		for range 3 {
			go func() {
				got, _ := k.RenewSoon(t.Context(), old)
				done <- got
			}()
		}
		for range 3 {
			if got := <-done; got == nil || got.Credential.Generation != 2 || s.asked != 1 {
				t.Errorf("%+v, asked %d times", got, s.asked)
			}
		}
		k.Wait(t.Context()) // what another process does is not waited for
		r.acc.Store(old)
		go func() {
			_, err := k.RenewSoon(t.Context(), old)
			if err == nil || !strings.Contains(err.Error(), "not now") || s.asked != 2 {
				t.Errorf("%v, asked %d times", err, s.asked)
			}
			done <- nil
		}()
		synctest.Wait()
		k.Wait(t.Context())
		k.TakeBack()
		close(s.ended)
		<-done
	})
}

// nobody is a pool without accounts.
type nobody struct{}

func (nobody) Park(string, string) bool { return false }
