package daemon_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"crs/ctl"
	"crs/lab/crstest"
)

// TestManyAtOnceRefreshOnce, for every kind of login: the simulated providers take a refresh token that is used a second time
// for theft, as the real ones do. A daemon that starts anew right afterwards has the pair that came of it.
func TestManyAtOnceRefreshOnce(t *testing.T) {
	t.Parallel()
	for platform, c := range map[string]struct {
		add  func(*crstest.Box) ctl.Account
		path string // of the token endpoint
	}{
		"claude": {func(b *crstest.Box) ctl.Account { return b.Subscription("a", -time.Minute) }, "/v1/oauth/token"},
		"openai": {func(b *crstest.Box) ctl.Account { return b.Codex("a", -time.Minute) }, "/oauth/token"},
		"gemini": {func(b *crstest.Box) ctl.Account { return b.CodeAssist("a", time.Hour) }, "/token"},
		"droid":  {func(b *crstest.Box) ctl.Account { return b.Droid("a", -time.Minute) }, "/user_management/authenticate"},
	} {
		k := askers()[platform]
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			c.add(b)
			b.Clock.Advance(2 * time.Hour) // Google's is asked for more than the token when an account is added
			key := b.Key("k")
			b.Script(c.path + "=slow(300ms)*1")
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if a := k.ask(t, b, key, true); a.Status != http.StatusOK {
						t.Errorf("%d %s", a.Status, a.Body)
					}
				})
			}
			all.Wait()
			calls := 0
			for _, r := range b.Sim.Requests() {
				if r.Path == c.path {
					calls++
				}
			}
			if calls != 1 {
				t.Errorf("the token endpoint was asked %d times", calls)
			}
			b.Halt()
			b.Boot()
			if acc, err := b.RefreshAccount(t.Context(), "a"); err != nil || acc.State != "ready" {
				t.Errorf("after a restart: %+v, %v", acc, err)
			}
		})
	}
}
