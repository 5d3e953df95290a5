package admin

import (
	"context"
	"strconv"

	"crs/ctl"
	"crs/internal/audit"
	"crs/internal/config"
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
func (o *Operations) Disconnect(ctx context.Context, id string) (err error) {
	d := o.begins(ctx, RequestDisconnect, "")
	defer d.end(&err)
	d.did(id, "", nil)
	if !o.opt.Engine.Disconnect(id) {
		return ctl.Errorf(ctl.NotFound, "no request %q is in flight", id).WithHint("it may have ended meanwhile; see what is: crs top")
	}
	return nil
}

// Restart hands over to a new process. It is not to stop half way when the caller leaves.
func (o *Operations) Restart(ctx context.Context, in ctl.Restart) (_ ctl.Restarted, err error) {
	d := o.begins(ctx, DaemonRestart, "")
	d.void = in.CheckOnly
	defer d.end(&err)
	done, err := o.opt.Restart(context.WithoutCancel(ctx), in)
	d.did(o.opt.About.Node, "", changed(
		facts{"version": done.OldVersion, "pid": strconv.Itoa(done.OldPID)}, facts{"version": done.Version, "pid": strconv.Itoa(done.PID)}))
	return done, err
}

// Reloaded tells that the configuration was read anew at a signal, and what differs in it.
func Reloaded(before, after []config.Entry) audit.Entry {
	return audit.Entry{
		Actor: audit.Actor{Kind: audit.System}, Action: string(ConfigReload), Outcome: audit.Done, Subject: audit.Subject{Kind: ConfigReload.noun()},
		Changes: changedSettings(before, after),
	}
}

// changedSettings are as they are shown, without secrets: of one that is replaced it is said that it is another one.
func changedSettings(before, after []config.Entry) []audit.Change {
	was, is := facts{}, facts{}
	known := map[string]*config.Entry{}
	for i := range before {
		e := &before[i]
		was[e.Key], known[e.Key] = e.Value, e
	}
	for i := range after {
		e := &after[i]
		is[e.Key] = e.Value
		if old := known[e.Key]; old != nil && old.Value == e.Value && !old.Same(e) {
			is[e.Key] += " (another one)"
		}
	}
	return changed(was, is)
}
