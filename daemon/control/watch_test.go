package control_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/ctl"
	"crs/lab/crstest"
)

// watching watches a box until the test ends.
type watching struct {
	t     *testing.T
	news  chan *ctl.Update
	scene ctl.Scene
	ended []ctl.Request
	gone  []int64
	first *ctl.Update
}

func watch(t *testing.T, b *crstest.Box) *watching {
	t.Helper()
	w := &watching{t: t, news: make(chan *ctl.Update, 1000)}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	client := ctl.NewClient(b.Client.Socket())
	go func() {
		defer client.Close()
		defer close(w.news)
		for u, err := range client.Watch(ctx, ctl.WatchQuery{}) {
			if err != nil {
				return
			}
			w.news <- u
		}
	}()
	w.until("the first update", func() bool { return w.first != nil })
	return w
}

// until takes updates until something is so.
func (w *watching) until(what string, ok func() bool) {
	w.t.Helper()
	timeout := time.After(time.Minute)
	for !ok() {
		select {
		case u, open := <-w.news:
			if !open {
				w.t.Fatalf("the watch ended before %s", what)
			}
			if w.first == nil {
				w.first = u
			}
			w.scene.Apply(u)
			w.ended, w.gone = append(w.ended, u.Ended...), append(w.gone, u.Landed...)
		case <-timeout:
			w.t.Fatalf("never saw %s: %+v", what, w.scene)
		}
	}
}

// flight is the only request in flight, nil when there is another number of them.
func (w *watching) flight() *ctl.Flight {
	for _, f := range w.scene.Flights {
		if len(w.scene.Flights) == 1 {
			return f
		}
	}
	return nil
}

func TestAWatcherSeesARequestAppearFlowAndEnd(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	b.Script("ok(events=60,gap=30ms)")
	w := watch(t, b)
	if !w.first.All || w.first.Status == nil || w.first.Status.Version != "test" || len(w.first.Accounts) != 1 || len(w.first.Flights) != 0 {
		t.Errorf("the first update is %+v", w.first)
	}
	done := make(chan crstest.Answer, 1)
	go func() { done <- b.Post(key, crstest.Stream) }()
	w.until("a stream", func() bool { f := w.flight(); return f != nil && f.Phase == "streaming" && f.Sent > 0 })
	f := *w.flight()
	if f.Key != "k" || f.Account != "a" || f.Model != "claude-opus-4-8" || !f.Stream || f.LastAt == nil || w.scene.Status.InFlight != 1 {
		t.Errorf("%+v", f)
	}
	w.until("progress", func() bool { n := w.flight(); return n != nil && n.Sent > f.Sent })
	w.until("its slot", func() bool { return len(w.scene.Accounts) == 1 && one(w.scene.Accounts).InUse == 1 })
	answer := <-done
	w.until("its end", func() bool { return len(w.scene.Flights) == 0 && len(w.ended) == 1 && w.scene.Status.InFlight == 0 })
	if r := w.ended[0]; r.ID != f.ID || r.Status != 200 || r.OutputTokens == 0 || r.Raw != nil || answer.Status != 200 {
		t.Errorf("%+v", r)
	}
	if len(w.gone) != 1 || w.gone[0] != f.N {
		t.Errorf("%v landed, want %d", w.gone, f.N)
	}
}

func one(accounts map[string]*ctl.Account) *ctl.Account {
	for _, a := range accounts {
		return a
	}
	return nil
}

func TestAWatcherSeesWhatBecomesOfAccounts(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	a := b.Account("a")
	key := b.Key("k")
	w := watch(t, b)
	b.Script(crstest.Secret("a") + "=429(5h)*9")
	b.Post(key, crstest.Hello)
	w.until("a cool-down", func() bool { x := w.scene.Accounts[a.ID]; return x != nil && x.State == "cooling" && x.Until != nil })
	if _, err := b.ThawAccount(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	w.until("its end", func() bool { return w.scene.Accounts[a.ID].State == "ready" })
	b.Account("b")
	w.until("another one", func() bool { return len(w.scene.Accounts) == 2 && w.scene.Status.Accounts == 2 })
	if err := b.RemoveAccount(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	w.until("one less", func() bool { return w.scene.Accounts[a.ID] == nil && len(w.scene.Accounts) == 1 })
	denied := b.Key("denied", func(k *ctl.NewKey) { k.DenyModels = ptr([]string{"*"}) })
	b.Post(denied, crstest.Hello)
	w.until("a limit that was hit", func() bool {
		return len(w.ended) > 0 && w.ended[len(w.ended)-1].Status == 403 && w.ended[len(w.ended)-1].Key == "denied"
	})
}

func TestAQuietDaemonIsHeardOf(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	w := watch(t, b)
	n := 0
	begun := time.Now()
	w.until("two signs of life", func() bool { n++; return n > 2 })
	if took := time.Since(begun); took < time.Second || took > time.Minute {
		t.Errorf("two updates of nothing within %v", took)
	}
}

// TestAWatcherThatTakesNothingHoldsNobodyUp: neither requests nor the end of the daemon. What it missed, it learns of.
func TestAWatcherThatTakesNothingHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	conn, err := net.Dial("unix", b.Client.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "GET /v1/live HTTP/1.1\r\nHost: crs\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	resp, err := http.ReadResponse(reader, nil) // the watch has begun; from here on nothing is read
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(err)
	}
	const clients, each = 8, 100
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for range each {
				if got := b.Post(key, crstest.Hello); got.Status != 200 {
					t.Errorf("%d %s", got.Status, got.Body)
				}
			}
		})
	}
	wg.Wait()
	told, missed := 0, int64(0)
	for dec := json.NewDecoder(resp.Body); told+int(missed) < clients*each; {
		var u ctl.Update
		if err := dec.Decode(&u); err != nil {
			t.Fatalf("%v after %d told and %d missed", err, told, missed)
		}
		told, missed = told+len(u.Ended), missed+u.Missed
	}
	if told+int(missed) != clients*each {
		t.Errorf("%d requests were told of and %d missed, of %d", told, missed, clients*each)
	}
}

func TestTheEndOfTheDaemonIsTheEndOfAWatchThatIsStuck(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	models := slices.Repeat([]string{strings.Repeat("a-model-with-a-long-name-", 10)}, 100)
	for i := range 40 { // more than a socket takes
		b.Account(fmt.Sprint("a", i), func(a *ctl.NewAccount) { a.Models = models })
	}
	conn, err := net.Dial("unix", b.Client.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "GET /v1/live HTTP/1.1\r\nHost: crs\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	b.Halt()
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("the stop took %v", took)
	}
}

func TestARequestInFlightIsDisconnected(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	b.Script("stall(after=2)")
	w := watch(t, b)
	done := make(chan crstest.Answer, 1)
	go func() { done <- b.Post(key, crstest.Stream) }()
	w.until("a stream", func() bool { f := w.flight(); return f != nil && f.Phase == "streaming" })
	id := w.flight().ID
	if err := b.Disconnect(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("the client waits on")
	}
	w.until("its end", func() bool { return len(w.scene.Flights) == 0 && len(w.ended) == 1 })
	if err := b.Disconnect(t.Context(), id); ctl.CodeOf(err) != ctl.NotFound {
		t.Errorf("once more: %v", err)
	}
}

func TestAWatchIsNotAskedForTooOften(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for _, every := range []time.Duration{time.Millisecond, 2 * time.Hour} {
		for _, err := range b.Watch(t.Context(), ctl.WatchQuery{Every: every}) {
			if ctl.CodeOf(err) != ctl.BadRequest {
				t.Errorf("every %s: %v", every, err)
			}
			break
		}
	}
}
