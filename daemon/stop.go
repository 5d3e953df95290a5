package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"crs/internal/errs"
)

// stopEngine drains the engine for as long as it may take, and keeps what the pool has learnt. The daemon can be asked how
// it is doing until then.
func (d *Daemon) stopEngine(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, d.cfg.Timeouts.Shutdown)
	defer stop()
	if n := d.engine.InFlight(); n > 0 {
		d.log.Info("stopping", "in_flight", n, "wait", d.cfg.Timeouts.Shutdown)
	}
	err := d.stopBoth(ctx, func() error { return errs.Ignore(d.engine.Shutdown(ctx), net.ErrClosed) })
	after, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if s := d.upgrade.Load(); s != nil {
		return errors.Join(err, d.control.Shutdown(after), s.goodbye(after))
	}
	if failed := d.savePool(after); failed != nil {
		d.log.Warn("what was learnt of the accounts is not saved; it will be learnt again", "error", failed)
	}
	return errors.Join(err, d.control.Shutdown(after))
}

// close closes what was opened, in reverse. What cannot be written is tried again until little is left of the time that the
// service manager was told.
func (d *Daemon) close(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, d.cfg.Timeouts.Shutdown+afterLast-reserve)
	defer stop()
	var errs []error
	for _, s := range slices.Backward(d.opened) {
		start := time.Now()
		if err := s.closeWithin(ctx); err != nil {
			errs = append(errs, fmt.Errorf("close the %s: %w", s.name, err))
			d.log.Error("not closed as it should be", "what", s.name, "error", err) // now: what hangs may keep the process from ending
		}
		d.log.Debug("closed", "what", s.name, "took", time.Since(start))
	}
	d.opened = nil
	return errors.Join(errs...)
}

// closeWithin does not wait for what gives no answer, such as a disk that hangs, long after ctx has ended.
func (s *step) closeWithin(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- s.close(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(grace):
		return errors.New("it has not ended in time: something that it waits for gives no answer")
	}
}

// grace is for how long a step may still say by itself why it has not ended in time.
const grace = 2 * time.Second
