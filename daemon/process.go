package daemon

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"golang.org/x/term"

	"crs/ctl"
	"crs/daemon/control"
	"crs/daemon/handover"
)

// Serve runs a daemon as this process: until ctx ends, or SIGTERM or an interrupt comes. SIGHUP reloads.
func Serve(ctx context.Context, opt Options) error {
	signal.Ignore(syscall.SIGPIPE) // whoever reads standard error may go: a log that cannot be written is not the end
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := inheritance(&opt); err != nil {
		return err
	}
	d, err := Start(ctx, opt)
	if err != nil {
		return conflict(err)
	}
	debug.FreeOSMemory() // what only the start needed
	hangup := make(chan os.Signal, 1)
	defer close(hangup)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup) // nothing is sent on it from then on
	go func() {
		for range hangup {
			d.hangUp()
		}
	}()
	context.AfterFunc(ctx, d.stopSuccessor)
	var told sync.WaitGroup
	life, end := context.WithCancel(context.Background())
	told.Go(func() { d.tellSystem(ctx, life.Done()) })
	told.Go(func() { d.keepMemory(life, memlimit.FromCgroup) })
	err = d.Run(ctx)
	end()
	told.Wait()
	if d.upgrade.Load() == nil {
		d.held().Ended(err)
	}
	return errors.Join(err, d.standBy())
}

// inheritance takes over what an old process hands to this one, and finds out which program this is.
func inheritance(opt *Options) (err error) {
	if opt.Inherited, err = handover.Inherited(); err != nil {
		return err
	}
	if opt.Inherited != nil && opt.Inherited.As != "" {
		opt.Program = opt.Inherited.As
		return nil
	}
	opt.Program, _ = os.Executable() // without it it cannot be restarted, and serves all the same
	return nil
}

// supervised reports whether whoever started this process looks after the one that takes over too. Otherwise this one must
// stay until that has ended: to a container, a terminal or a supervisor it is the daemon.
func supervised() bool { return os.Getenv("NOTIFY_SOCKET") != "" }

// stopSuccessor has a signal to stop the process that was started first stop the one that serves, too. A terminal sends it to
// both by itself. A handover that is under way is over first, one way or the other.
func (d *Daemon) stopSuccessor() {
	d.endHandover()
	if s := d.upgrade.Load(); s != nil && !term.IsTerminal(int(os.Stdin.Fd())) {
		s.signal(syscall.SIGTERM)
	}
}

// signal passes a signal to the process that serves, where this one was started first.
func (s *upgrade) signal(which syscall.Signal) {
	switch {
	case s.first == nil && s.late.Load():
		s.child.Signal(which) // nobody knew yet whom else to tell
	case s.first != nil && !s.first.Signal(which):
		s.child.Signal(which) // it has not said yet that it serves
	}
}

// hangUp has whoever serves read the configuration again.
func (d *Daemon) hangUp() {
	if s := d.upgrade.Load(); s != nil {
		s.signal(syscall.SIGHUP)
		return
	}
	d.Reload()
}

// standBy has the process that was started first stay until every other one has ended: whoever started it watches it. Those in
// between end when nothing is in flight in them any more.
func (d *Daemon) standBy() error {
	s := d.upgrade.Load()
	if s == nil || s.first == nil {
		return nil
	}
	return s.first.Wait()
}

// conflict says what to do when another daemon is in the way.
func conflict(err error) error {
	if errors.As(err, new(*InUse)) || errors.As(err, new(*control.InUse)) {
		return ctl.Errorf(ctl.Conflict, "%s", err).WithHint("look at it with: crs status; or give this one a directory of its own: --data DIR")
	}
	return explained(err)
}
