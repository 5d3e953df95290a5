package daemon

import (
	"context"
	"fmt"
	"time"

	system "github.com/coreos/go-systemd/v22/daemon"
)

// tellSystem tells systemd, if that is who started the process, that the daemon serves, that it is alive, and from the end of
// ctx on that it stops. It returns when the daemon has ended.
func (d *Daemon) tellSystem(ctx context.Context, ended <-chan struct{}) {
	// The process before this one may have been about to say that it is alive: with restarts that follow each other nobody would.
	tell(system.SdNotifyReady + "\n" + system.SdNotifyWatchdog + "\nSTATUS=serving clients on " + d.Listen())
	beat, stop := heartbeat()
	defer stop()
	stopped := ctx.Done()
	for {
		select {
		case <-beat:
			d.alive()
			if d.upgrade.Load() != nil { // another process speaks for the service now
				continue
			}
			tell(system.SdNotifyWatchdog)
		case <-stopped:
			if d.upgrade.Load() == nil {
				tell(stopping(d.cfg.Timeouts.Shutdown))
			}
			stopped = nil
		case <-ended:
			return
		}
	}
}

const (
	// afterLast is how long what comes after the last answer may take.
	afterLast = 15 * time.Second
	// reserve is what is left of it when the ledger gives up.
	reserve = 5 * time.Second
)

// stopping asks for as long as answers in flight may take.
func stopping(drain time.Duration) string {
	return fmt.Sprintf("%s\nSTATUS=lets answers in flight finish\nEXTEND_TIMEOUT_USEC=%d", system.SdNotifyStopping, (drain + afterLast).Microseconds())
}

// heartbeat is at each half of the time within which systemd wants to hear that the daemon is alive. When it does not, it
// has the process end with a trace of every goroutine, and starts it again.
func heartbeat() (<-chan time.Time, func()) {
	allowed, err := system.SdWatchdogEnabled(false)
	if err != nil || allowed <= 0 {
		return nil, func() {}
	}
	tick := time.NewTicker(allowed / 2)
	return tick.C, tick.Stop
}

// alive goes through every lock that requests need, and does not return when one of them is never given back. It does no
// I/O: a slow disk is no reason to cut streams.
func (d *Daemon) alive() {
	d.engine.InFlight()
	d.pool.Count()
	d.keys.Count()
	_, _ = d.ledger.Health()
}

// tell leaves out errors: where nobody listens there is nobody to tell.
func tell(state string) { _, _ = system.SdNotify(false, state) }

// tellMainPID tells systemd which process is the service.
func tellMainPID(pid int) { tell(fmt.Sprintf("MAINPID=%d", pid)) }
