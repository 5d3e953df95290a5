package limit

import (
	"context"
	"slices"
	"sync"
	"time"

	"crs/internal/unit"
)

// book is the count of one holder.
type counters struct {
	id      string     // the holder's
	mu      sync.Mutex // guards the fields below
	inside  []*place   // who holds a slot; its length is the concurrency
	waiting []*waiter  // who waits for one, first come first
	// visiting is how many have entered and will be counted elsewhere.
	visiting int
	// slides are made when a limit first needs them: most holders of many have none.
	slides []*sliding
	spent  Spent
	begins [calendars]time.Time // of the spans that it is of
	// What requests in flight hold back.
	reserved unit.Amounts
	// What the shared count last said of a budget, and when.
	heard   *Exceeded
	heardAt time.Duration
}

// waiter stands in the queue until turn is closed.
type waiter struct {
	place *place
	turn  chan struct{}
	moved bool // its turn will come elsewhere; guarded by the book's lock
}

// enter takes a slot if there is one. Nobody overtakes those who wait.
func (b *counters) enter(p *place, most int) bool {
	if most > 0 && (len(b.inside) >= most || len(b.waiting) > 0) {
		return false
	}
	b.seat(p)
	return true
}

func (b *counters) seat(p *place) {
	p.seat = len(b.inside)
	b.inside = append(b.inside, p)
}

// leave gives p's slot to the first who waits.
func (b *counters) leave(p *place) {
	p.out = true
	last := len(b.inside) - 1
	moved := b.inside[last]
	b.inside[p.seat], moved.seat = moved, p.seat
	b.inside[last] = nil
	b.inside = b.inside[:last]
	if len(b.waiting) > 0 {
		w := b.waiting[0]
		b.waiting = slices.Delete(b.waiting, 0, 1)
		b.seat(w.place)
		close(w.turn)
	}
}

// queue waits for a slot. The lock is held when it is called and when it returns, and not in between.
func (b *counters) queue(ctx context.Context, p *place, limits *Limits) error {
	if len(b.waiting) >= limits.Queue || limits.QueueWait <= 0 {
		return &Exceeded{Limit: Concurrency, Max: int64(limits.Concurrency), Used: int64(len(b.inside)), RetryAfter: time.Second}
	}
	w := &waiter{place: p, turn: make(chan struct{})}
	b.waiting = append(b.waiting, w)
	start := time.Now()
	err := b.await(ctx, w, limits.QueueWait)
	p.waited = time.Since(start)
	if w.moved {
		return errMoved
	}
	position := slices.Index(b.waiting, w)
	if position < 0 { // its turn came, perhaps just as it gave up
		if err == nil || ctx.Err() == nil {
			return nil
		}
		b.leave(p)
		return ctx.Err()
	}
	b.waiting = slices.Delete(b.waiting, position, position+1)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Exceeded{
		Limit: Concurrency, Max: int64(limits.Concurrency), Used: int64(len(b.inside)), RetryAfter: time.Second,
		Waited: p.waited, Position: position + 1,
	}
}

func (b *counters) await(ctx context.Context, w *waiter, most time.Duration) error {
	b.mu.Unlock()
	defer b.mu.Lock()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-w.turn:
		return nil
	case <-timer.C:
		return context.DeadlineExceeded
	case <-ctx.Done():
		return ctx.Err()
	}
}
