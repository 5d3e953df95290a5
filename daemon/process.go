package daemon

import (
	"context"
	"errors"
	"fmt"
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
	d.boundMemory(memlimit.FromCgroup)
	debug.FreeOSMemory() // what only the start needed
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-hangup:
				d.hangUp()
			case <-done:
				return
			}
		}
	}()
	context.AfterFunc(ctx, d.stopHeir)
	var told sync.WaitGroup
	ended := make(chan struct{})
	told.Go(func() { d.tellSystem(ctx, ended) })
	err = d.Run(ctx)
	close(ended)
	told.Wait()
	return errors.Join(err, d.standBy())
}

// inheritance takes over what an old process hands to this one, and finds out which program this is.
func inheritance(opt *Options) (err error) {
	if opt.Estate, err = handover.Inherited(); err != nil {
		return err
	}
	if opt.Estate != nil && opt.Estate.As != "" {
		opt.Program = opt.Estate.As
		return nil
	}
	if opt.Program, err = os.Executable(); err != nil {
		opt.Program = "" // it cannot be restarted then, and serves all the same
	}
	return nil
}

// supervised reports whether whoever started this process looks after the one that takes over too. Otherwise this one must
// stay until that has ended: to a container, a terminal or a supervisor it is the daemon.
func supervised() bool { return os.Getenv("NOTIFY_SOCKET") != "" }

// stopHeir has a signal to stop this process stop the one that has taken over, too. A terminal sends it to both by itself.
func (d *Daemon) stopHeir() {
	if s := d.succeed.Load(); s != nil && !supervised() && !term.IsTerminal(int(os.Stdin.Fd())) {
		s.child.Signal(syscall.SIGTERM)
	}
}

// hangUp has whoever serves read the configuration again.
func (d *Daemon) hangUp() {
	switch s := d.succeed.Load(); {
	case s == nil:
		d.Reload()
	case !supervised():
		s.child.Signal(syscall.SIGHUP)
	}
}

// standBy waits for the end of the process that has taken over, where nobody else does.
func (d *Daemon) standBy() error {
	s := d.succeed.Load()
	if s == nil || supervised() {
		return nil
	}
	if code, words := s.child.Exit(); code != 0 {
		return fmt.Errorf("the process that had taken over: %s", words)
	}
	return nil
}

// conflict says what to do when another daemon is in the way.
func conflict(err error) error {
	var dir *InUse
	var socket *control.InUse
	if errors.As(err, &dir) || errors.As(err, &socket) {
		return ctl.Errorf(ctl.Conflict, "%s", err).WithHint("look at it with: crs status; or give this one a directory of its own: --data DIR")
	}
	return explained(err)
}
