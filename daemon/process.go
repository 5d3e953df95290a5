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

	"crs/ctl"
	"crs/daemon/control"
)

// Serve runs a daemon as this process: until ctx ends, or SIGTERM or an interrupt comes. SIGHUP reloads.
func Serve(ctx context.Context, opt Options) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
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
				d.Reload()
			case <-done:
				return
			}
		}
	}()
	var told sync.WaitGroup
	ended := make(chan struct{})
	told.Go(func() { d.tellSystem(ctx, ended) })
	err = d.Run(ctx)
	close(ended)
	told.Wait()
	return err
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
