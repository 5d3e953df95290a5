package load

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Running is load under way.
type Running struct {
	parent context.Context
	ctx    context.Context // ends when something went wrong, too
	stop   context.CancelFunc
	group  *errgroup.Group
	ending atomic.Bool
	done   atomic.Int64
	begun  atomic.Int64
	events atomic.Int64
}

func start(ctx context.Context) *Running {
	r := &Running{parent: ctx}
	r.ctx, r.stop = context.WithCancel(ctx)
	r.group, r.ctx = errgroup.WithContext(r.ctx)
	return r
}

// Done is how many answers have come, whole and as they should be.
func (r *Running) Done() int64 { return r.done.Load() }

// Events is how many events have come in the streams of a Crowd.
func (r *Running) Events() int64 { return r.events.Load() }

// Begun is how many streams of a Crowd have shown their first event.
func (r *Running) Begun() int64 { return r.begun.Load() }

// Sleep waits for d. It is an error when the load fails before.
func (r *Running) Sleep(d time.Duration) error {
	if err := pause(r.ctx, time.Now().Add(d)); err != nil {
		return r.Wait()
	}
	return nil
}

// Stop lets the answers under way end, begins nothing more, and gives the first error.
func (r *Running) Stop() error {
	r.ending.Store(true)
	return r.Wait()
}

// Wait waits until everything has ended by itself, and gives the first error.
func (r *Running) Wait() error {
	defer r.stop()
	err := r.group.Wait()
	if r.parent.Err() != nil {
		return r.parent.Err()
	}
	return err
}

// Cancel drops everything that is under way.
func (r *Running) Cancel() {
	r.stop()
	_ = r.group.Wait() // it ends with the drop itself
}

// work runs f with a connection that it makes at a time. The connection is closed when f returns or the load is dropped.
func (r *Running) work(at time.Time, addr string, buffer int, f func(*conn) error) {
	r.group.Go(func() error {
		if err := pause(r.ctx, at); err != nil {
			return err
		}
		c, err := dial(r.ctx, addr, buffer)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		defer context.AfterFunc(r.ctx, func() { _ = c.Close() })()
		return f(c)
	})
}

func pause(ctx context.Context, until time.Time) error {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// once sends a request and checks the answer.
func (r *Running) once(c *conn, request []byte, want *Want) error {
	a, err := c.do(request)
	if err != nil {
		return fmt.Errorf("send a request: %w", err)
	}
	if err := want.check(a); err != nil {
		return err
	}
	r.done.Add(1)
	return nil
}

// LengthOf sends one request and gives the length of the answer's body, which must be a 200.
func LengthOf(ctx context.Context, addr string, request []byte) (length int64, err error) {
	r := start(ctx)
	r.work(time.Now(), addr, 4<<10, func(c *conn) error {
		a, err := c.do(request)
		if err == nil && a.status != 200 {
			err = fmt.Errorf("the answer was %d: %q", a.status, a.end)
		}
		length = c.answer.length
		return err
	})
	return length, r.Wait()
}
