package admin

import (
	"context"

	"crs/ctl"
)

// Checkup looks at what the daemon depends on.
func (o *Operations) Checkup(ctx context.Context) ([]ctl.Check, error) {
	return o.opt.Checkup(ctx), nil
}

// NewCanary gives a token that proves that a request has reached this daemon.
func (o *Operations) NewCanary(context.Context) (ctl.Canary, error) {
	token, until := o.opt.Engine.Canary()
	return ctl.Canary{Token: token, ExpiresAt: until}, nil
}

// TestAlert sends an alert that says that it is a test.
func (o *Operations) TestAlert(ctx context.Context) error { return o.opt.TestAlert(ctx) }

// Disconnect ends a request that is in flight.
func (o *Operations) Disconnect(_ context.Context, id string) error {
	if !o.opt.Engine.Disconnect(id) {
		return ctl.Errorf(ctl.NotFound, "no request %q is in flight", id).WithHint("it may have ended meanwhile; see what is: crs top")
	}
	return nil
}

// Restart hands over to a new process. It is not to stop half way when the caller leaves.
func (o *Operations) Restart(ctx context.Context, in ctl.Restart) (ctl.Restarted, error) {
	return o.opt.Restart(context.WithoutCancel(ctx), in)
}
