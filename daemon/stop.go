package daemon

import (
	"context"
	"errors"
	"time"
)

// stopEngine drains the engine for as long as it may take, and keeps what the pool has learnt. The daemon can be asked how
// it is doing until then.
func (d *Daemon) stopEngine(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, d.cfg.Timeouts.Shutdown)
	defer stop()
	if n := d.engine.InFlight(); n > 0 {
		d.log.Info("stopping", "in_flight", n, "wait", d.cfg.Timeouts.Shutdown)
	}
	err := d.together(ctx, func() error { return ignoreClosed(d.engine.Shutdown(ctx)) })
	after, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if s := d.succeed.Load(); s != nil {
		return errors.Join(err, d.control.Shutdown(after), s.goodbye(after))
	}
	if failed := d.savePool(after); failed != nil {
		d.log.Warn("what was learnt of the accounts is not saved; it will be learnt again", "error", failed)
	}
	return errors.Join(err, d.control.Shutdown(after))
}
