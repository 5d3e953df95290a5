package daemon_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/internal/seal"
	"crs/lab/crstest"
	"crs/lab/redistest"
)

// patience is how long something that takes a second at most may take on a machine that has other work.
const patience = time.Minute

// nodes starts so many daemons on one Redis.
func nodes(t *testing.T, n int, options ...crstest.Option) (*redistest.Server, []*crstest.Box) {
	t.Helper()
	server := redistest.Start(t)
	first := crstest.Start(t, append(options, crstest.Redis(server.URL()))...)
	all := []*crstest.Box{first}
	for range n - 1 {
		all = append(all, crstest.Start(t, crstest.Beside(first)))
	}
	return server, all
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func code(err error) ctl.Code {
	var e *ctl.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestWhatOneNodeIsToldEveryNodeKnows(t *testing.T) {
	t.Parallel()
	_, n := nodes(t, 3)
	a, b, c := n[0], n[1], n[2]
	if s, _ := b.Status(t.Context()); !strings.HasPrefix(s.Store, "redis://127.0.0.1:") || !strings.HasPrefix(s.Node, "node_") || s.StoreError != "" {
		t.Errorf("the status says %q, %q, %q", s.Store, s.Node, s.StoreError)
	}
	if _, err := a.CreateGroup(t.Context(), ctl.NewGroup{Name: "team"}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	a.Account("up")
	key := b.Key("me")
	if _, err := c.SetPrice(t.Context(), "claude-opus-4-8", ctl.PriceEdit{Input: 7e9, Output: 9e9}); err != nil {
		t.Fatal(err)
	}
	for _, box := range n {
		eventually(t, "every node knows everything", func() bool {
			_, noKey := box.Client.Key(t.Context(), "me")
			_, noAccount := box.Client.Account(t.Context(), "up")
			_, noGroup := box.Group(t.Context(), "team")
			p, noPrice := box.Price(t.Context(), "claude-opus-4-8")
			return noKey == nil && noAccount == nil && noGroup == nil && noPrice == nil && p.Overridden && p.Input == 7e9
		})
		if got := box.Post(key, crstest.Hello); got.Status != 200 {
			t.Errorf("a node answered %d %s", got.Status, got.Body)
		}
	}
	t.Logf("known everywhere after %s", time.Since(began))

	if _, err := c.DisableKey(t.Context(), "me"); err != nil {
		t.Fatal(err)
	}
	for _, box := range n {
		eventually(t, "every node refuses a disabled key", func() bool { return box.Post(key, crstest.Hello).Status == 401 })
	}
	if err := b.RemoveAccount(t.Context(), "up"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "every node has lost the account", func() bool {
		s, err := a.Status(t.Context())
		return err == nil && s.Accounts == 0
	})
}

// TestOfTwoWhoEditOneKeyNobodyLosesAnEdit has two operators change different limits of a key through different nodes, again
// and again at the same moment: who was told that it is done finds it done, and who was not, that somebody was faster.
func TestOfTwoWhoEditOneKeyNobodyLosesAnEdit(t *testing.T) {
	t.Parallel()
	_, n := nodes(t, 2)
	n[0].Key("me")
	eventually(t, "the other node has the key", func() bool { _, err := n[1].Client.Key(t.Context(), "me"); return err == nil })
	conflicts := 0
	var rpm, tpm int64
	for round := range int64(40) {
		value := round + 1
		edits := []ctl.KeyEdit{{RequestsPerMinute: &value}, {TokensPerMinute: &value}}
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { _, errs[i] = n[i].EditKey(t.Context(), "me", edits[i]) })
		}
		wg.Wait()
		for i, err := range errs {
			switch {
			case err == nil && i == 0:
				rpm = value
			case err == nil:
				tpm = value
			case code(err) != ctl.Conflict:
				t.Fatal(err)
			default:
				conflicts++
			}
		}
		if errs[0] != nil && errs[1] != nil {
			t.Fatalf("round %d: both were refused", round)
		}
		for i := range n {
			eventually(t, "both nodes have what was done", func() bool {
				k, err := n[i].Client.Key(t.Context(), "me")
				return err == nil && k.Limits.RequestsPerMinute == rpm && k.Limits.TokensPerMinute == tpm
			})
		}
	}
	t.Logf("%d conflicts in 40 rounds", conflicts)
}

func TestAnEditForAnOldVersionIsAConflict(t *testing.T) {
	t.Parallel()
	_, n := nodes(t, 2)
	n[0].Key("me")
	var seen ctl.Key
	eventually(t, "the other node has the key", func() (ok bool) {
		var err error
		seen, err = n[1].Client.Key(t.Context(), "me")
		return err == nil
	})
	five, ten := int64(5), int64(10)
	if _, err := n[0].EditKey(t.Context(), "me", ctl.KeyEdit{Version: &seen.Version, RequestsPerMinute: &five}); err != nil {
		t.Fatal(err)
	}
	_, err := n[1].EditKey(t.Context(), "me", ctl.KeyEdit{Version: &seen.Version, RequestsPerMinute: &ten})
	if code(err) != ctl.Conflict {
		t.Errorf("the second edit: %v", err)
	}
	if k, err := n[0].Client.Key(t.Context(), "me"); err != nil || k.Limits.RequestsPerMinute != 5 {
		t.Errorf("the key has %d, %v", k.Limits.RequestsPerMinute, err)
	}
}

func TestOfTwoWhoWantANameOneGetsIt(t *testing.T) {
	t.Parallel()
	_, n := nodes(t, 2)
	for round := range 10 {
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { _, errs[i] = n[i].CreateKey(t.Context(), ctl.NewKey{Name: fmt.Sprint("key", round)}) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || code(errors.Join(errs...)) != ctl.Conflict {
			t.Fatalf("round %d: %v and %v", round, errs[0], errs[1])
		}
	}
	for i := range n {
		eventually(t, "both nodes have ten keys", func() bool { all, err := n[i].Keys(t.Context()); return err == nil && len(all) == 10 })
	}
}

func TestUsageAndRequestsOfEveryNodeShowOnAnyNode(t *testing.T) {
	t.Parallel()
	_, n := nodes(t, 3)
	n[0].Account("up")
	key := n[0].Key("me")
	for i, box := range n {
		eventually(t, "the node serves the key", func() bool { return box.Post(key, crstest.Hello).Status == 200 })
		for range i {
			box.Post(key, crstest.Hello)
		}
	}
	for _, box := range n {
		eventually(t, "a node tells of six requests", func() bool {
			u, err := box.Usage(t.Context(), ctl.UsageQuery{})
			return err == nil && u.Total.Requests == 6
		})
		eventually(t, "a node lists six requests", func() bool { return answered(box) == 6 })
	}
	last := n[2].Last()
	if got, err := n[0].Client.Explain(t.Context(), last.ID); err != nil || got.Request == nil || got.Request.ID != last.ID {
		t.Errorf("explaining another node's request: %+v, %v", got, err)
	}
}

// answered is how many requests were answered, as the box's log has it.
func answered(b *crstest.Box) (n int) {
	for _, r := range b.Newest(1000) {
		if r.Status == 200 {
			n++
		}
	}
	return n
}

func TestRedisAwayLosesNoUsageAndNoRequest(t *testing.T) {
	t.Parallel()
	server, n := nodes(t, 2, crstest.Config(func(c *config.Config) { c.Redis.Wait = time.Second }))
	n[0].Account("up")
	key := n[0].Key("me")
	eventually(t, "the other node serves the key", func() bool { return n[1].Post(key, crstest.Hello).Status == 200 })
	server.Save(t)
	server.Kill(t)
	for i := range 40 {
		time.Sleep(2 * time.Millisecond)
		if got := n[i%2].Post(key, crstest.Hello); got.Status != 200 {
			t.Fatalf("request %d while Redis was away: %d %s", i, got.Status, got.Body)
		}
	}
	n[0].Until("the store is told to be away", func(s ctl.Status) bool { return s.StoreError != "" })
	if _, err := n[0].CreateKey(t.Context(), ctl.NewKey{Name: "other"}); err == nil || !strings.Contains(err.Error(), "away") {
		t.Errorf("a key made without a store: %v", err)
	}
	server.Restart(t)
	for _, box := range n {
		eventually(t, "every request is counted once", func() bool {
			u, err := box.Usage(t.Context(), ctl.UsageQuery{})
			return err == nil && u.Total.Requests == int64(answered(n[0])) && u.Total.Requests >= 41
		})
	}
	eventually(t, "the other node lists as many as are counted", func() bool {
		u, err := n[0].Usage(t.Context(), ctl.UsageQuery{})
		return err == nil && u.Total.Requests == int64(answered(n[1]))
	})
	n[1].Until("the store is back", func(s ctl.Status) bool { return s.StoreError == "" })
	if _, err := n[0].CreateKey(t.Context(), ctl.NewKey{Name: "other"}); err != nil {
		t.Error(err)
	}
	eventually(t, "the other node hears of changes again", func() bool { _, err := n[1].Client.Key(t.Context(), "other"); return err == nil })
}

func TestARedisWithoutItsDataIsNoEmptyStore(t *testing.T) {
	t.Parallel()
	server, n := nodes(t, 2)
	n[0].Account("up")
	key := n[0].Key("me")
	eventually(t, "the other node serves the key", func() bool { return n[1].Post(key, crstest.Hello).Status == 200 })
	eventually(t, "it is counted", func() bool {
		u, err := n[0].Usage(t.Context(), ctl.UsageQuery{})
		return err == nil && u.Total.Requests == 1
	})
	served, little, rate := 1, ctl.USD(1), int64(2)
	poor := n[0].Key("poor", func(k *ctl.NewKey) { k.TotalCost = &little })
	quick := n[0].Key("quick", func(k *ctl.NewKey) { k.RequestsPerMinute = &rate })
	limits := map[string]int{poor: 402, quick: 429} // what they are refused with
	for k, refusal := range limits {
		for n[0].Post(k, crstest.Hello).Status == 200 {
			served++
		}
		// The first node knows what the request took before Redis does, where it is held back until then.
		eventually(t, "the other node refuses it for what it has used", func() bool {
			got := n[1].Post(k, crstest.Hello)
			if got.Status == 200 {
				t.Fatal("the other node serves beyond a limit")
			}
			return got.Status == refusal
		})
	}
	server.Save(t) // what an operator would restore
	for range 3 {
		n[0].Post(key, crstest.Hello)
		served++
	}
	if _, err := n[0].Usage(t.Context(), ctl.UsageQuery{}); err != nil {
		t.Fatal(err)
	}
	server.Do(t, "FLUSHALL")
	for _, box := range n {
		box.Until("the loss is told", func(s ctl.Status) bool { return strings.Contains(s.StoreError, "does not hold the data any more") })
		if got := box.Post(key, crstest.Hello); got.Status != 200 {
			t.Errorf("a node without its store: %d %s", got.Status, got.Body)
		}
		served++
		eventually(t, "the node counts alone", func() bool { return len(box.Log.Lines("limits cannot be counted", "Restore its dump")) > 0 })
		if got := box.Post(poor, crstest.Hello); got.Status != 402 {
			t.Errorf("what a key has spent is forgotten with the store: %d %s", got.Status, got.Body)
		}
		if s, err := box.Status(t.Context()); err != nil || s.Keys != 3 || s.Accounts != 1 {
			t.Errorf("a node forgot: %+v, %v", s, err)
		}
	}
	if got := n[0].Post(quick, crstest.Hello); got.Status != 429 {
		t.Errorf("a minute's requests are forgotten with the store: %d %s", got.Status, got.Body)
	}
	if _, err := n[1].CreateKey(t.Context(), ctl.NewKey{Name: "other"}); err == nil || !strings.Contains(err.Error(), "Restore its dump") {
		t.Errorf("a key made in a store that is gone: %v", err)
	}
	if server.Do(t, "DBSIZE") != int64(0) {
		t.Errorf("something was written: %v", server.Do(t, "KEYS", "*"))
	}
	server.Kill(t) // without writing down that it is empty
	if !redistest.Real() {
		return // miniredis cannot restore
	}
	server.Restart(t)
	eventually(t, "what Redis had forgotten is counted again, once", func() bool {
		u, err := n[0].Usage(t.Context(), ctl.UsageQuery{})
		return err == nil && u.Total.Requests == int64(served)
	})
	eventually(t, "the request log is whole again", func() bool { return answered(n[0]) == served && answered(n[1]) == served })
}

func TestANodeThatDiedBringsWhatItServed(t *testing.T) {
	t.Parallel()
	server, n := nodes(t, 2, crstest.Config(func(c *config.Config) { c.Redis.Wait = time.Second }))
	n[0].Account("up")
	key := n[0].Key("me")
	eventually(t, "the other node serves the key", func() bool { return n[1].Post(key, crstest.Hello).Status == 200 })
	server.Save(t)
	server.Kill(t)
	for range 5 {
		n[1].Post(key, crstest.Hello)
	}
	n[1].HaltBadly() // it cannot hand over what it has
	server.Restart(t)
	eventually(t, "the survivor is well", func() bool { s, err := n[0].Status(t.Context()); return err == nil && s.StoreError == "" })
	if u, err := n[0].Usage(t.Context(), ctl.UsageQuery{}); err != nil || u.Total.Requests > 1 {
		t.Errorf("before the node is back: %d, %v", u.Total.Requests, err)
	}
	n[1].Boot()
	eventually(t, "everything is counted", func() bool {
		u, err := n[0].Usage(t.Context(), ctl.UsageQuery{})
		return err == nil && u.Total.Requests == 6 && answered(n[0]) == 6
	})
}

func TestANodeThatIsNotLikeTheOthersIsRefused(t *testing.T) {
	t.Parallel()
	server, n := nodes(t, 2)
	n[0].Account("up")
	b := n[1]
	b.Halt()
	keyFile, marker, node := filepath.Join(b.Dir, seal.KeyFile), filepath.Join(b.Dir, "redis-store.json"), filepath.Join(b.Dir, "node")
	right := read(t, keyFile)

	rewrite(t, keyFile, strings.Repeat("ab", 32)+"\n")
	refused(t, b, "every node that shares this store needs the same key file")
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	refused(t, b, "is missing", "every node that shares this store needs the same key file")
	rewrite(t, keyFile, right)

	was := read(t, node)
	rewrite(t, node, "\n")
	refused(t, b, "does not hold the name of a node")
	rewrite(t, node, was)

	known := read(t, marker)
	rewrite(t, marker, `{"store":"store_other","created":"2026-01-01T00:00:00Z"}`)
	refused(t, b, "another installation", marker)
	rewrite(t, marker, known)
	b.Boot()

	n[0].Halt()
	b.Halt()
	server.Do(t, "FLUSHALL")
	refused(t, b, "is empty, but this node knew a store there", "restore its dump", "remove redis-store.json")
}

// refused boots the box and wants it to say all that.
func refused(t *testing.T, b *crstest.Box, words ...string) {
	t.Helper()
	err := b.TryBoot()
	if err == nil {
		t.Errorf("it started, and should have said %q", words)
		b.Halt()
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("it said: %v\nwithout %q", err, w)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADataDirectoryIsNotLeftBehindInSilence(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	url := ""
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Redis.URL = url }))
	b.Key("me")
	b.Halt()
	url = server.URL()
	refused(t, b, "crs store copy --from "+b.Dir+" --to "+url)

	other := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Redis.URL = url }))
	other.Halt()
	url = ""
	refused(t, other, "redis.url is not set", "crs store copy --from URL --to "+other.Dir)
}

func TestAClockThatIsWrongIsTold(t *testing.T) {
	t.Parallel()
	_, n := nodes(t, 2)
	n[0].Account("up")
	key := n[0].Key("me")
	n[1].Halt()
	n[1].Clock.Advance(time.Minute)
	n[1].Boot()
	if len(n[1].Log.Lines("clock", "ahead=", "NTP")) != 1 {
		t.Error("nothing was said of the clock")
	}
	if got := n[1].Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	eventually(t, "the request is found by all", func() bool {
		r, err := n[0].Requests(t.Context(), ctl.RequestQuery{Limit: 10})
		return err == nil && len(r) == 1
	})
}

func TestTheMetricsTellOfRoundTrips(t *testing.T) {
	t.Parallel()
	server, n := nodes(t, 1)
	b := n[0]
	b.Account("up", func(a *ctl.NewAccount) { a.MaxConcurrency = 5 })
	five := int64(5)
	key := b.Key("me", func(k *ctl.NewKey) { k.RequestsPerMinute = &five })
	for range 3 {
		b.Post(key, crstest.Hello)
	}
	eventually(t, "the metrics tell of them", func() bool {
		text, err := b.MetricsText(t.Context())
		return err == nil && strings.Contains(text, "crs_store_round_trips_total{operation=\"admit\"} 3\n") &&
			strings.Contains(text, "crs_store_round_trips_total{operation=\"take\"} 3\n") &&
			strings.Contains(text, "crs_store_round_trips_total{operation=\"put_document\"}") &&
			strings.Contains(text, "crs_store_round_trips_total{operation=\"pipeline\"}") &&
			strings.Contains(text, "crs_store_errors_total{operation=\"admit\"} 0\n") && strings.Contains(text, "crs_store_seconds_total{operation=\"admit\"} ") && !strings.Contains(text, "crs_store_seconds_total{operation=\"admit\"} 0\n")
	})
	server.Kill(t)
	eventually(t, "the metrics tell that Redis is away", func() bool {
		text, err := b.MetricsText(t.Context())
		return err == nil && strings.Contains(text, "crs_store_errors_total{operation=\"steady\"}") && !strings.Contains(text, "crs_store_errors_total{operation=\"steady\"} 0\n")
	})
	b.HaltBadly() // it says that usage waits in the ledger
}

// TestRedisIsEmptiedUnderLoad: with requests of a key with every limit in flight on two nodes, which then end, nothing is written.
func TestRedisIsEmptiedUnderLoad(t *testing.T) {
	t.Parallel()
	server, n := nodes(t, 2, crstest.Config(func(c *config.Config) { c.Redis.Wait = time.Second }))
	n[0].Account("up", func(a *ctl.NewAccount) { a.MaxConcurrency = 20 })
	many, slots, dollars := int64(1<<50), 50, ctl.USD(1_000_000_000_000)
	key := n[0].Key("k", func(k *ctl.NewKey) {
		k.RequestsPerMinute, k.TokensPerMinute, k.Concurrency, k.DailyCost = &many, &many, &slots, &dollars
	})
	eventually(t, "the other node serves the key", func() bool { return n[1].Post(key, crstest.Hello).Status == 200 })
	stop := make(chan struct{})
	var load sync.WaitGroup
	for i := range 8 {
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				time.Sleep(2 * time.Millisecond)
				if got := n[i%2].Post(key, crstest.Hello); got.Status != 200 {
					t.Errorf("%d %s", got.Status, got.Body)
					return
				}
			}
		})
	}
	time.Sleep(200 * time.Millisecond)
	server.Do(t, "FLUSHALL")
	for range 100 {
		if size := server.Do(t, "DBSIZE"); size != int64(0) {
			t.Fatalf("written: %v", server.Do(t, "KEYS", "*"))
		}
		time.Sleep(10 * time.Millisecond)
	}
	close(stop)
	load.Wait()
	for _, b := range n {
		b.HaltBadly() // it says that usage waits in the ledger
	}
	if size := server.Do(t, "DBSIZE"); size != int64(0) {
		t.Errorf("written at the end: %v", server.Do(t, "KEYS", "*"))
	}
}

// TestWhatRedisRefusesIsNoFaultOfWhatWasAskedFor, whatever it refuses it with.
func TestWhatRedisRefusesIsNoFaultOfWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	server := redistest.StartReal(t)
	b := crstest.Start(t, crstest.Redis(server.URL()))
	server.Do(t, "ACL", "SETUSER", "default", "-evalsha", "-eval", "-hset")
	_, err := b.Client.CreateKey(t.Context(), ctl.NewKey{Name: "k"})
	if err == nil || ctl.CodeOf(err) != ctl.Failed || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("%s: %v", ctl.CodeOf(err), err)
	}
	server.Do(t, "ACL", "SETUSER", "default", "+@all")
	if _, err := b.Client.CreateKey(t.Context(), ctl.NewKey{Name: "k"}); err != nil {
		t.Error(err)
	}
}
