package simulator

import (
	"context"
	"fmt"
	"slices"
)

// waiter is somebody who wants to know when the books say something.
type waiter struct {
	ready func() bool // called with mu held
	done  chan struct{}
}

// requests copies what is kept, oldest first.
func (r *recorder) requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.kept[max(0, len(r.kept)-r.limit):]
	all := make([]Request, len(kept))
	for i, q := range kept {
		all[i] = *q
	}
	return all
}

func (r *recorder) served() map[string]Bill {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]Bill{}
	for name, a := range r.accounts {
		if name != "" && a.bill.Requests > 0 {
			all[name] = a.bill
		}
	}
	return all
}

func (r *recorder) inFlight(name string) (now, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.accounts[name]; a != nil {
		return a.inFlight, a.most
	}
	return 0, 0
}

func (r *recorder) waitSeen(ctx context.Context, n int) error {
	if err := r.wait(ctx, func() bool { return r.seen >= n }); err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		return fmt.Errorf("wait for %d requests to the simulator, saw %d: %w", n, r.seen, err)
	}
	return nil
}

func (r *recorder) waitIdle(ctx context.Context) error {
	if err := r.wait(ctx, func() bool { return r.running == 0 }); err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		return fmt.Errorf("wait for the simulator to be idle, %d requests are running: %w", r.running, err)
	}
	return nil
}

func (r *recorder) wait(ctx context.Context, ready func() bool) error {
	w := &waiter{ready: ready, done: make(chan struct{})}
	r.mu.Lock()
	r.waiters = append(r.waiters, w)
	r.wake()
	r.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		r.mu.Lock()
		defer r.mu.Unlock()
		r.waiters = slices.DeleteFunc(r.waiters, func(o *waiter) bool { return o == w })
		return ctx.Err()
	}
}

// wake tells the waiters whose time has come. With mu held, after every change.
func (r *recorder) wake() {
	if len(r.waiters) == 0 {
		return
	}
	r.waiters = slices.DeleteFunc(r.waiters, func(w *waiter) bool {
		if !w.ready() {
			return false
		}
		close(w.done)
		return true
	})
}
