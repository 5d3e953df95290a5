package usage_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"crs/internal/usage"
)

// flaky is a store that takes what it is given and loses the answer, or forgets what it took last, or does not answer.
type flaky struct {
	usage.Rollups
	mu     sync.Mutex // guards the fields below
	silent int        // so many times what was taken is said to have failed
	stuck  chan struct{}
	at     *usage.Cursor // where it says to be, once
}

func (f *flaky) AddUp(ctx context.Context, node string, sums []usage.Sum, from, to usage.Cursor) error {
	f.mu.Lock()
	stuck, at, silent := f.stuck, f.at, f.silent > 0
	f.at = nil
	if silent {
		f.silent--
	}
	f.mu.Unlock()
	if stuck != nil {
		<-stuck
		return errors.New("it did not answer")
	}
	if at != nil {
		return &usage.CursorMismatch{At: *at}
	}
	err := f.Rollups.AddUp(ctx, node, sums, from, to)
	if err == nil && silent {
		return errors.New("the answer was lost")
	}
	return err
}

func TestAnAnswerThatWasLostCountsNothingTwice(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	f := &flaky{Rollups: p.store}
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.Rollups = f })
	for i := range 20 {
		f.mu.Lock()
		f.silent = i % 3
		f.mu.Unlock()
		serve(t, l, record(i))
		_ = l.Flush(t.Context())
	}
	shut(t, l)
	if got := total(t, p); got.Requests != 20 {
		t.Errorf("%d requests are counted", got.Requests)
	}
}

// TestAStoreThatLostWhatItTookIsGivenItAgain has a store go back to where it was after three of nine requests, as a restored
// backup would.
func TestAStoreThatLostWhatItTookIsGivenItAgain(t *testing.T) {
	t.Parallel()
	p, other := newPlace(t), newPlace(t)
	f := &flaky{Rollups: p.store}
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.Rollups, o.SegmentBytes = f, 1500 })
	give := func(n int) {
		for i := range n {
			serve(t, l, record(i))
		}
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	give(3)
	mark, err := p.store.MarkOf(t.Context(), "n")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.store.AddUp(t.Context(), "n", []usage.Sum{total(t, p)}, usage.Cursor{}, mark); err != nil {
		t.Fatal(err)
	}
	give(4)
	f.mu.Lock()
	f.Rollups = other.store
	f.mu.Unlock()
	give(2)
	shut(t, l)
	if got := total(t, other); got.Requests != 9 {
		t.Errorf("%d requests are counted in the store that had lost four", got.Requests)
	}
}

// TestAStoreThatDoesNotAnswerKeepsNothingFromTheDisk: what is served meanwhile is durable in time all the same.
func TestAStoreThatDoesNotAnswerKeepsNothingFromTheDisk(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	f := &flaky{Rollups: p.store, stuck: make(chan struct{})}
	f.mu.Lock()
	stuck := f.stuck
	f.stuck = nil
	f.mu.Unlock()
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.Rollups, o.AddUp = f, time.Millisecond })
	f.mu.Lock()
	f.stuck = stuck
	f.mu.Unlock()
	for i := range 10 {
		serve(t, l, record(i))
		if err := l.Commit(); err != nil {
			t.Fatal(err)
		}
		found, err := l.Search(t.Context(), usage.Filter{})
		if err != nil || len(found) != i+1 {
			t.Fatalf("%d are found, %v", len(found), err)
		}
	}
	f.mu.Lock()
	f.stuck = nil
	f.mu.Unlock()
	close(stuck)
	shut(t, l)
	if got := total(t, p); got.Requests != 10 {
		t.Errorf("%d requests are counted", got.Requests)
	}
}

func TestAStoreThatIsAheadOfABatchHasItsRestRecounted(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	f := &flaky{Rollups: p.store, at: nil}
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.Rollups = f })
	serve(t, l, record(1))
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	at, err := p.store.MarkOf(t.Context(), "n")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, record(2))
	f.mu.Lock()
	f.at = &at
	f.mu.Unlock()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	shut(t, l)
	if got := total(t, p); got.Requests != 2 {
		t.Errorf("%d requests are counted", got.Requests)
	}
}
