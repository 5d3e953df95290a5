package proxyengine

import (
	"context"
	"time"
)

// reservation is what one exchange holds of the budget. Only one goroutine at a time may wait in take; all other methods may be
// called from any.
type reservation struct {
	budget *budget
	key    string  // whose share it counts against
	holder *holder // nil while it holds nothing and does not wait
	claim  *claim  // nil while it does not wait
	taken  int64
	by     [purposes]int64
	large  bool // it holds more than small
	closed bool
}

// try takes n bytes if they are there. Who is refused must do with less, or end.
func (w *reservation) try(of purpose, n int64) bool {
	b := w.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.grant(w, of, n)
}

// take waits for n bytes, at most for so long, and tells how long it did. It gives errNoRoom, or ctx's error. It does not
// wait for what only those could give back who wait themselves.
func (w *reservation) take(ctx context.Context, of purpose, n int64, wait time.Duration) (waited time.Duration, _ error) {
	b := w.budget
	b.mu.Lock()
	if b.grant(w, of, n) {
		b.mu.Unlock()
		return 0, nil
	}
	if wait <= 0 || w.closed || b.hopeless(w, n) {
		b.mu.Unlock()
		return 0, errNoRoom
	}
	c := b.join(w, of, n)
	b.mu.Unlock()
	start := time.Now()
	err := b.await(ctx, c, wait)
	return time.Since(start), err
}

// give gives n bytes back, of those held for a purpose.
func (w *reservation) give(of purpose, n int64) {
	w.budget.mu.Lock()
	defer w.budget.mu.Unlock()
	w.budget.giveBack(w, of, min(n, w.by[of]))
}

// drop gives everything back that is held for a purpose.
func (w *reservation) drop(of purpose) {
	w.budget.mu.Lock()
	defer w.budget.mu.Unlock()
	w.budget.giveBack(w, of, w.by[of])
}

// close gives everything back. From then on nothing can be taken.
func (w *reservation) close() {
	if w.budget == nil {
		return
	}
	w.budget.mu.Lock()
	defer w.budget.mu.Unlock()
	w.closed = true
	if w.claim != nil {
		w.budget.leave(w.claim)
		w.budget.detach(w)
	}
	for of, n := range w.by {
		w.budget.giveBack(w, purpose(of), n)
	}
}
