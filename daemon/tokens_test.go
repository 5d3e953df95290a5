package daemon_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/internal/oauth"
	"crs/internal/store/local/localtest"
	"crs/lab/crstest"
	"crs/lab/redistest"
	"crs/lab/simulator"
)

// refreshed asks for an answer with a token that has to be refreshed for it.
func refreshed(t *testing.T, b *crstest.Box, key string) {
	t.Helper()
	b.Clock.Advance(24 * time.Hour)
	if got := asked(t, b, key, true); got.Status != http.StatusOK {
		t.Errorf("with a token that is refreshed: %d %s", got.Status, got.Body)
	}
}

// asked asks for an answer as Claude Code does.
func asked(t *testing.T, b *crstest.Box, key string, stream bool) crstest.Answer {
	a := askers()["claude"]
	return a.ask(t, b, key, stream)
}

func tokenError(t *testing.T, b *crstest.Box) string {
	t.Helper()
	s, err := b.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Conditions {
		if strings.HasPrefix(c.Code, "token_") {
			return c.Code + ": " + c.Sentence
		}
	}
	return ""
}

// settled waits until the store has every token, and tries the account with the last one.
func settled(t *testing.T, b *crstest.Box) {
	t.Helper()
	eventually(t, "the store has the token", func() bool { return tokenError(t, b) == "" })
	eventually(t, "the account is refreshed with it", func() bool { // the limits may still be counted alone
		a, err := b.RefreshAccount(t.Context(), "a")
		return err == nil && a.State == "ready"
	})
}

// TestARotatedPairIsNotLostWhileSQLiteIsLocked: it is used meanwhile, rotated again, said, and there after a start. The simulated
// provider takes a refresh token that is used a second time for theft.
func TestARotatedPairIsNotLostWhileSQLiteIsLocked(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Subscription("a", time.Hour)
	key := b.Key("k")
	letGo := localtest.Lock(t, b.Dir)
	refreshed(t, b, key)
	if said := tokenError(t, b); !strings.Contains(said, "account a") || !strings.Contains(said, oauth.ReserveFile) {
		t.Errorf("the status says %q", said)
	}
	refreshed(t, b, key)
	letGo()
	settled(t, b)
	b.Halt()
	b.Boot()
	settled(t, b)
}

// TestATokenThatCanWaitIsNotSpentWithoutRoom: neither the store nor the reserve would take the fresh pair, and the present one is good.
// Once it is not, being served comes first.
func TestATokenThatCanWaitIsNotSpentWithoutRoom(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Subscription("a", time.Hour)
	key := b.Key("k")
	b.Halt()
	takeAllSlots(t, b.Dir)
	b.Boot()
	letGo := localtest.Lock(t, b.Dir)
	var e *ctl.Error
	if _, err := b.RefreshAccount(t.Context(), "a"); !errors.As(err, &e) || !strings.Contains(e.Message, "was not refreshed") || e.Hint == "" {
		t.Errorf("a refresh whose pair could be kept nowhere: %v", err)
	}
	if asked := b.Sim.Requests(); len(asked) != 0 {
		t.Errorf("the provider was asked: %+v", asked)
	}
	if got := asked(t, b, key, true); got.Status != http.StatusOK {
		t.Errorf("with the present token: %d %s", got.Status, got.Body)
	}
	refreshed(t, b, key)
	if said := tokenError(t, b); !strings.HasPrefix(said, "token_only_in_memory") {
		t.Errorf("the status says %q", said)
	}
	letGo()
	settled(t, b)
}

// takeAllSlots fills the reserve with what another key has sealed.
func takeAllSlots(t *testing.T, dir string) {
	t.Helper()
	const slot, body = 16 << 10, "acc_other AAAA"
	head := binary.BigEndian.AppendUint32([]byte("crspair1"), uint32(len(body)))
	head = binary.BigEndian.AppendUint32(head, crc32.Checksum([]byte(body), crc32.MakeTable(crc32.Castagnoli)))
	one := append(append(head, body...), make([]byte, slot-len(head)-len(body))...)
	if err := os.WriteFile(filepath.Join(dir, oauth.ReserveFile), bytes.Repeat(one, 64), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestARotatedPairIsInTheReserveAtTheEnd: the daemon ends while the store is locked; the next one puts the pair into the store.
func TestARotatedPairIsInTheReserveAtTheEnd(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Subscription("a", time.Hour)
	key := b.Key("k")
	letGo := localtest.Lock(t, b.Dir)
	refreshed(t, b, key)
	b.HaltBadly() // it cannot save what the pool has learnt
	letGo()
	b.Boot()
	settled(t, b)
}

// TestARotatedPairIsNotLostWithoutRedis, whatever it refuses writes with, nor by another node that serves the account meanwhile.
func TestARotatedPairIsNotLostWithoutRedis(t *testing.T) {
	t.Parallel()
	ways := map[string]func(*testing.T, *redistest.Server) (heal func()){
		"killed": func(t *testing.T, s *redistest.Server) func() {
			s.Save(t)
			s.Kill(t)
			return func() { s.Restart(t) }
		},
	}
	for _, how := range redistest.Refusals() {
		ways[how] = func(t *testing.T, s *redistest.Server) func() { return s.Refuse(t, how) }
	}
	for name, spoil := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.StartReal(t, "--appendonly", "yes", "--appendfsync", "always")
			waits := crstest.Config(func(c *config.Config) { // not long for Redis, and for the refresh however long the disk takes
				c.Redis.Wait, c.Retry.AccountWait = 500*time.Millisecond, time.Minute
			})
			one := crstest.Start(t, crstest.Redis(server.URL()), waits)
			two := crstest.Start(t, crstest.Beside(one), waits)
			one.Subscription("a", time.Hour)
			key := one.Key("k")
			eventually(t, "both nodes serve the account", func() bool {
				return asked(t, one, key, true).Status == 200 && asked(t, two, key, true).Status == 200
			})
			one.Script("/v1/oauth/token=slow(5s)*1")
			answered := make(chan int, 1)
			one.Clock.Advance(24 * time.Hour)
			go func() { answered <- asked(t, one, key, true).Status }()
			eventually(t, "the token endpoint is asked", func() bool {
				r := one.Sim.Requests()
				return len(r) > 0 && r[len(r)-1].Path == "/v1/oauth/token"
			})
			two.Clock.Advance(24 * time.Hour) // not before: it might have been the one that refreshes
			heal := spoil(t, server)
			if status := <-answered; status != 200 {
				t.Errorf("with a token that was refreshed meanwhile: %d", status)
			}
			if said := tokenError(t, one); !strings.Contains(said, oauth.ReserveFile) {
				t.Errorf("the status says %q", said)
			}
			heal()
			settled(t, one)
			eventually(t, "the other node serves the account", func() bool { return asked(t, two, key, true).Status == 200 })
			if a, err := two.Client.Account(t.Context(), "a"); err != nil || a.State != "ready" {
				t.Errorf("on the other node the account is %s: %v", a.State, err)
			}
		})
	}
}

// TestAnImportUsesNothingUpForAStoreThatTakesNoWrites: its token has ended, and would be rotated for an account that cannot be kept.
func TestAnImportUsesNothingUpForAStoreThatTakesNoWrites(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	ended := b.Clock.Now().Add(-time.Minute)
	b.Sim.AddLogin(simulator.Google, simulator.Login{Access: "ya29.a", Refresh: "1//a", Expires: ended})
	file := fmt.Sprintf(`{"access_token":"ya29.a","refresh_token":"1//a","scope":"openid","token_type":"Bearer","expiry_date":%d}`, ended.UnixMilli())
	in := ctl.NewAccount{Platform: "gemini", Name: "a", File: []byte(file)}
	letGo := localtest.Lock(t, b.Dir)
	_, err := b.AddAccount(t.Context(), in)
	letGo()
	if err == nil || !strings.Contains(err.Error(), "nothing was used up") {
		t.Errorf("imported into a store that takes no writes: %v", err)
	}
	for _, r := range b.Sim.Requests() {
		if r.Path == "/token" {
			t.Error("the provider was asked for a token")
		}
	}
	if _, err := b.AddAccount(t.Context(), in); err != nil {
		t.Errorf("the same file once more: %v", err)
	}
}

// TestAPairThatTheStoreTookAndLostIsPutBack: a fail-over loses the last writes, and the token that the store has then is used up.
func TestAPairThatTheStoreTookAndLostIsPutBack(t *testing.T) {
	t.Parallel()
	server, n := nodes(t, 2)
	n[0].Subscription("a", time.Hour)
	key := n[0].Key("k")
	all := func(what string) {
		t.Helper()
		for i := range n {
			eventually(t, what, func() bool { return asked(t, n[i], key, true).Status == 200 })
		}
	}
	all("every node serves the account")
	server.Save(t)
	if _, err := n[0].RefreshAccount(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	server.Kill(t)
	server.Restart(t) // with what it had saved before
	eventually(t, "the store is back", func() bool { s, err := n[0].Status(t.Context()); return err == nil && s.StoreError == "" })
	settled(t, n[0])
	all("every node serves the account with the next pair")
	for _, r := range n[0].Sim.Requests() {
		if r.Path != "/v1/oauth/token" {
			continue
		}
		if r.Status != 200 {
			t.Errorf("the provider refused a refresh: %+v", r)
		}
	}
	for i := range n {
		if a, err := n[i].Client.Account(t.Context(), "a"); err != nil || a.State != "ready" {
			t.Errorf("node %d: the account is %s (%s): %v", i, a.State, a.Why, err)
		}
	}
}
