package proxyengine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// budget is a number of bytes that requests share. Who asks first is served first, so that a large request is not
// starved by small ones.
type budget struct {
	mu      sync.Mutex // guards the fields below
	size    int64
	taken   int64
	waiting []*claim
}

type claim struct {
	n     int64
	ready chan struct{}
}

func newBudget(size int64) *budget { return &budget{size: size} }

var errNoRoom = errors.New("no room in the body budget")

// take waits for n bytes, at most for so long, and tells how long it did. It gives errNoRoom, or ctx's error.
func (b *budget) take(ctx context.Context, n int64, wait time.Duration) (waited time.Duration, _ error) {
	b.mu.Lock()
	if len(b.waiting) == 0 && b.fits(n) {
		b.taken += n
		b.mu.Unlock()
		return 0, nil
	}
	if wait <= 0 {
		b.mu.Unlock()
		return 0, errNoRoom
	}
	c := &claim{n: n, ready: make(chan struct{})}
	b.waiting = append(b.waiting, c)
	b.mu.Unlock()
	start := time.Now()
	err := b.await(ctx, c, wait)
	return time.Since(start), err
}

// fits also lets one request in that is larger than a budget which was made smaller meanwhile.
func (b *budget) fits(n int64) bool { return b.taken+n <= b.size || b.taken == 0 }

func (b *budget) await(ctx context.Context, c *claim, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	err := errNoRoom
	select {
	case <-c.ready:
		return nil
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.waiting, c)
	if i < 0 { // its turn came just as it gave up
		b.taken -= c.n
	} else {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	b.admit()
	return err
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken -= n
	b.admit()
}

// admit is called with mu held.
func (b *budget) admit() {
	for len(b.waiting) > 0 && b.fits(b.waiting[0].n) {
		b.taken += b.waiting[0].n
		close(b.waiting[0].ready)
		b.waiting = slices.Delete(b.waiting, 0, 1)
	}
}

func (b *budget) resize(size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.size = size
	b.admit()
}

func (b *budget) used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken
}

func (b *budget) state() (size int64, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.size, len(b.waiting)
}
