package handover

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/store/local"
	"crs/internal/unit"
	"crs/internal/usage"
)

// pair is two processes' ends, in one.
type pair struct {
	link      *Link
	successor *Successor
	ring      *key.Ring
	key       *key.Key
	gate      *limit.Gate
	dir       string
	ledger    *usage.Ledger // the successor's
	end       func()        // cuts the connection, as a process that dies does
}

func newPair(t *testing.T) *pair {
	t.Helper()
	old, young := net.Pipe()
	dir := t.TempDir()
	store, err := local.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := key.Load(t.Context(), store, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	k, _, err := ring.Create(t.Context(), key.Key{Name: "k", Policy: key.Policy{Limits: limit.Limits{Concurrency: 1, Queue: 1, QueueWait: time.Minute}}})
	if err != nil {
		t.Fatal(err)
	}
	ledger, _, err := usage.OpenLedger(t.Context(), usage.LedgerOptions{
		Dir: dir + "/ledger", Node: "n", Rollups: store, Zone: time.UTC, Now: time.Now, Commit: time.Millisecond, AddUp: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{link: NewLink(old), successor: NewSuccessor(young, "2"), ring: ring, key: k, gate: limit.NewGate(time.Now, time.UTC, nil), dir: dir, ledger: ledger}
	served := make(chan struct{})
	go func() { defer close(served); p.successor.Serve() }()
	p.end = func() { _ = young.Close() }
	t.Cleanup(func() {
		_, _ = old.Close(), young.Close()
		<-served
		if err := errors.Join(ledger.Shutdown(context.Background()), store.Close()); err != nil {
			t.Error(err)
		}
	})
	p.successor.Ready(Setup{Listen: "a"})
	if r, err := p.link.Hello(t.Context(), Setup{Listen: "a"}); err != nil || r.Version != "2" {
		t.Fatalf("%+v, %v", r, err)
	}
	go func() {
		s, err := p.successor.State(context.Background())
		if err != nil {
			return
		}
		pool := account.NewPool(account.Options{Now: time.Now})
		p.successor.Start(&Services{
			Gate: p.gate, Pool: pool, Keys: ring, Ledger: ledger, Closed: func(*usage.Record) {}, Ended: func(int) {},
			Renew: func(context.Context, string, int64) error { return errors.New("refused") },
		}, s.First)
		p.successor.Begun()
	}()
	return p
}

func (p *pair) take(t *testing.T) {
	t.Helper()
	if err := p.link.Take(t.Context(), State{}); err != nil {
		t.Fatal(err)
	}
	p.link.Commit()
}

// TestNothingIsAskedBeforeTheSuccessorServes, and what was told before is known when it does.
func TestNothingIsAskedBeforeTheSuccessorServes(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	adopted := p.link.Limits().Adopt(p.key.Holder(), unit.Amounts{})
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := p.link.Limits().Admit(short, p.key.Holder(), unit.Amounts{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("it was answered before there was anybody to answer: %v", err)
	}
	p.take(t)
	if n := p.gate.Use(p.key.ID).InFlight; n != 1 {
		t.Errorf("%d in flight", n)
	}
	got := make(chan error, 1)
	go func() {
		s, err := p.link.Limits().Admit(context.Background(), p.key.Holder(), unit.Amounts{})
		if err == nil {
			s.Release()
			s.Settle(unit.Amounts{unit.Tokens: 1, unit.Cost: 1})
		}
		got <- err
	}()
	until(t, func() bool { return p.gate.Use(p.key.ID).Queued == 1 })
	adopted.Release()
	adopted.Settle(unit.Amounts{unit.Tokens: 5, unit.Cost: 7})
	if err := <-got; err != nil {
		t.Error(err)
	}
	if err := p.link.Goodbye(t.Context()); err != nil {
		t.Error(err)
	}
	if u := p.gate.Use(p.key.ID); u.InFlight != 0 || u.In(unit.Cost, limit.Total) != 8 {
		t.Errorf("%+v", u)
	}
}

// TestASuccessorThatWasDismissedIsNotMissed: that nothing leads to it any more means nothing, whichever is seen first.
func TestASuccessorThatWasDismissedIsNotMissed(t *testing.T) {
	t.Parallel()
	for _, dismissed := range []bool{true, false} {
		p := newPair(t)
		p.take(t)
		seen := make(chan bool, 1)
		go func() {
			<-p.link.Lost()
			seen <- p.link.Dismissed()
		}()
		if dismissed {
			if err := p.link.Goodbye(t.Context()); err != nil {
				t.Error(err)
			}
		}
		p.end()
		if got := <-seen; got != dismissed {
			t.Errorf("dismissed: %v, and it is told %v", dismissed, got)
		}
	}
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came to that")
		}
	}
}

// TestAClientThatLeavesIsCalledOff: nobody stands in the successor's queue for it.
func TestAClientThatLeavesIsCalledOff(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.link.Limits().Adopt(p.key.Holder(), unit.Amounts{})
	p.take(t)
	ctx, leave := context.WithCancel(t.Context())
	got := make(chan error, 1)
	go func() {
		_, err := p.link.Limits().Admit(ctx, p.key.Holder(), unit.Amounts{})
		got <- err
	}()
	until(t, func() bool { return p.gate.Use(p.key.ID).Queued == 1 })
	leave()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	until(t, func() bool { return p.gate.Use(p.key.ID).Queued == 0 })
}

// TestWhoAsksASuccessorThatEndsIsSentBack, once everything was taken back.
func TestWhoAsksASuccessorThatEndsIsSentBack(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.link.Limits().Adopt(p.key.Holder(), unit.Amounts{})
	p.take(t)
	got := make(chan error, 2)
	go func() {
		_, err := p.link.Limits().Admit(context.Background(), p.key.Holder(), unit.Amounts{})
		got <- err
	}()
	until(t, func() bool { return p.gate.Use(p.key.ID).Queued == 1 })
	p.end()
	<-p.link.Lost()
	p.link.Opened([]byte(`{"id":"late"}`))
	if lines := p.link.Return(); len(lines) != 1 || !lines[0].Opened {
		t.Errorf("not sent: %+v", lines)
	}
	p.link.Release()
	if err := <-got; err == nil {
		t.Error("somebody was let in by a successor that has ended")
	}
	if err := p.link.Tokens().Renew(t.Context(), "acc", 1); err == nil {
		t.Error("a token was refreshed by a successor that has ended")
	}
	until(t, func() bool { return p.gate.Use(p.key.ID).InFlight == 0 }) // the successor gives back what the old process held
}

// TestAnotherConfigurationIsNotHandedOver: the sockets that are there are not the ones that are wanted.
func TestAnotherConfigurationIsNotHandedOver(t *testing.T) {
	t.Parallel()
	s := Setup{Listen: "a", Socket: "b", Data: "c"}
	if err := s.agrees(s); err != nil {
		t.Error(err)
	}
	if err := s.agrees(Setup{Listen: "x", Socket: "b", Data: "c"}); err == nil {
		t.Error("another address was taken")
	}
}

// TestAPausedListenerLeavesConnectionsToOthers.
func TestAPausedListenerLeavesConnectionsToOthers(t *testing.T) {
	t.Parallel()
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln := Listen(raw)
	accepted := make(chan error, 2)
	go func() {
		for range 2 {
			c, err := ln.Accept()
			if err == nil {
				_ = c.Close()
			}
			accepted <- err
		}
	}()
	ln.Pause()
	c, err := net.Dial("tcp", raw.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	select {
	case err := <-accepted:
		t.Fatalf("accepted while paused: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	ln.Resume()
	if err := <-accepted; err != nil {
		t.Error(err)
	}
	ln.Pause()
	_ = ln.Close()
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// TestWhatTheSuccessorHasNotWrittenIsKept: a successor that has heard of a record and cannot write it may be killed.
func TestWhatTheSuccessorHasNotWrittenIsKept(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.link.Opened([]byte(`{"id":"req_1"}`)) // before it serves
	p.take(t)
	until(t, p.link.Settled)
	away := filepath.Join(p.dir, "ledger")
	if err := os.Rename(away, away+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(away, nil, 0o600); err != nil { // no directory can be made there
		t.Fatal(err)
	}
	p.link.Closed([]byte(`{"id":"req_1"}`))
	p.link.Opened([]byte(`{"id":"req_2"}`))
	until(t, func() bool { _, failed := p.ledger.Health(); return failed != nil })
	if p.link.Settled() {
		t.Error("it is settled, and the successor has not written it")
	}
	p.end()
	<-p.link.Lost()
	lines := p.link.Return()
	if len(lines) != 2 || lines[0].Opened || !lines[1].Opened {
		t.Errorf("kept %+v", lines)
	}
	if again := p.link.Return(); len(again) != 0 {
		t.Errorf("given twice: %+v", again)
	}
	if err := errors.Join(os.Remove(away), os.Rename(away+".away", away)); err != nil {
		t.Fatal(err)
	}
}
