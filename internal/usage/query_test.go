//go:build linux

package usage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"crs/internal/usage"
)

// asked is what a ledger tells of usage, as far as a query selects.
func asked(t *testing.T, l *usage.Ledger, q usage.Query) (sum usage.Sum) {
	t.Helper()
	rows, err := l.Usage(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		sum.Add(&rows[i])
	}
	return sum
}

// told checks that a ledger tells of everything that was served, once, whatever it could write.
func (s *served) told(t *testing.T, l *usage.Ledger, when string) {
	t.Helper()
	times, input := book(t, l)
	for _, id := range s.ids {
		if times[id] != 1 {
			t.Errorf("%s: %s is told of %d times", when, id, times[id])
		}
	}
	if len(times) != len(s.ids) || input != s.input {
		t.Errorf("%s: %d requests with %d tokens are told of, of %d with %d", when, len(times), input, len(s.ids), s.input)
	}
	last := s.ids[len(s.ids)-1]
	if r, err := l.Find(t.Context(), last); err != nil || r == nil || r.ID != last {
		t.Errorf("%s: the last one is not found: %v, %v", when, r, err)
	}
	newest, err := l.Search(t.Context(), usage.Filter{Limit: 3})
	if err != nil || len(newest) != 3 || newest[2].ID != last {
		t.Errorf("%s: the newest are %v, %v", when, newest, err)
	}
	for _, q := range []usage.Query{{}, {By: []usage.Column{usage.ByKey, usage.ByModel}}, {FirstDay: "2000-01-01", By: []usage.Column{usage.ByDay}}, {Since: time.Unix(1, 0)}} {
		if sum := asked(t, l, q); sum.Requests != int64(len(s.ids)) || sum.Tokens.Input != s.input {
			t.Errorf("%s: %+v gives %d requests with %d tokens of %d with %d", when, q, sum.Requests, sum.Tokens.Input, len(s.ids), s.input)
		}
	}
	for _, q := range []usage.Query{{Key: "nobody"}, {LastDay: "2000-01-01"}, {Since: time.Now().Add(2 * time.Hour)}, {Until: time.Unix(1, 0)}, {Model: "n"}} {
		if sum := asked(t, l, q); sum.Requests != 0 {
			t.Errorf("%s: %+v gives %d requests", when, q, sum.Requests)
		}
	}
}

// TestWhatWaitsIsTold: also while the disk takes nothing, or the store, or neither.
func TestWhatWaitsIsTold(t *testing.T) {
	t.Parallel()
	p, disk := smallPlace(t)
	s := &failing{Rollups: p.store}
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.Rollups = s })
	var all served
	all.some(t, l, 10)
	all.told(t, l, "at first")
	disk.Fill()
	for range 5 { // some of it is written, up to the end of the page
		all.some(t, l, 9)
		all.told(t, l, "on a full disk")
	}
	s.fail(errors.New("away"))
	all.some(t, l, 5)
	all.told(t, l, "with neither")
	disk.Free()
	all.some(t, l, 5)
	all.told(t, l, "without the store")
	if got := total(t, p); got.Requests == int64(len(all.ids)) {
		t.Error("the store has everything: this shows nothing")
	}
	s.fail(nil)
	all.told(t, l, "again")
	all.inBalance(t, l, p)
	shut(t, l)
}

// TestWhatTheStoreTookInSilenceIsNotToldTwice.
func TestWhatTheStoreTookInSilenceIsNotToldTwice(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	f := &flaky{Rollups: p.store, silent: 1000}
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.Rollups = f })
	var all served
	for range 5 {
		all.some(t, l, 4)
		all.told(t, l, "in silence")
	}
	f.mu.Lock()
	f.silent = 0
	f.mu.Unlock()
	all.inBalance(t, l, p)
	shut(t, l)
}

// hanging is a store that does not answer until it is let go, and then says that it failed.
type hanging struct {
	usage.Rollups
	came, leave chan struct{}
}

func (h *hanging) AddUp(context.Context, string, []usage.Sum, usage.Cursor, usage.Cursor) error {
	select {
	case h.came <- struct{}{}:
		<-h.leave
	case <-h.leave:
	}
	return errors.New("it did not answer")
}

// TestWhoAsksWhatWasUsedDoesNotWaitForAStoreThatHangs, once that has failed.
func TestWhoAsksWhatWasUsedDoesNotWaitForAStoreThatHangs(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	h := &hanging{Rollups: p.store, came: make(chan struct{}), leave: make(chan struct{})}
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.Rollups = h })
	var all served
	flushed := make(chan error)
	for _, when := range []string{"failed", "hangs"} {
		all.some(t, l, 5)
		go func() { flushed <- l.Flush(t.Context()) }()
		<-h.came
		if when == "hangs" {
			all.told(t, l, "while the store hangs")
			close(h.leave)
		} else {
			h.leave <- struct{}{}
		}
		if err := <-flushed; !errors.Is(err, usage.ErrNotCounted) {
			t.Fatal(err)
		}
	}
}
