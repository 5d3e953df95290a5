package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"time"

	"crs/ctl"
	"crs/daemon/handover"
	"crs/internal/limit"
	"crs/internal/usage"
)

// succession is a handover to a new process.
type succession struct {
	child *handover.Child
	link  *handover.Link
	ready handover.Ready
	// over is closed when the heir ended before its time, and everything was taken back.
	over chan struct{}
}

const (
	// probation is how long a new process is watched before anybody is told that it has taken over. Until the old one ends,
	// everything can be taken back later, too.
	probation = time.Second
	// stay is how long the old one stays at least for that.
	stay = 6 * time.Second
)

// Restart hands over to a new process. When that does not come to serve, this one does, as if nothing had been.
func (d *Daemon) Restart(ctx context.Context, in ctl.Restart) (ctl.Restarted, error) {
	out := ctl.Restarted{OldPID: pid(), OldVersion: d.opt.Version}
	if !d.handing.TryLock() {
		return out, ctl.Errorf(ctl.Conflict, "this daemon is being restarted already")
	}
	defer d.handing.Unlock()
	switch {
	case d.succeed.Load() != nil:
		return out, ctl.Errorf(ctl.Conflict, "this daemon has handed over to a new process a moment ago").WithHint("look at it with: crs status")
	case d.opt.Program == "":
		return out, ctl.Errorf(ctl.Failed, "this daemon does not know the program that it runs from")
	}
	program := cmp.Or(in.Binary, d.opt.Program)
	if in.Binary != "" {
		if err := d.tryOut(ctx, program); err != nil {
			return out, ctl.Errorf(ctl.Failed, "%s", err)
		}
	}
	if in.CheckOnly {
		return out, nil
	}
	s, err := d.handOver(ctx, program)
	if err == nil {
		err = s.prove()
	}
	if err != nil {
		d.log.Error("the new process did not take over; this one runs on", "program", program, "error", err)
		return out, ctl.Errorf(ctl.Failed, "the new process did not take over: %s; the old one (version %s, pid %d) runs on", err, d.opt.Version, pid()).
			WithHint("its log says more: crs logs; what only a start can change, crs stop and crs start do")
	}
	out.PID, out.Version, out.InFlight = s.ready.PID, s.ready.Version, d.engine.InFlight()
	tellMainPID(s.ready.PID)
	return out, nil
}

// prove watches a new process that serves.
func (s *succession) prove() error {
	select {
	case <-s.over:
		_, words := s.child.Exit()
		return fmt.Errorf("it served, and then %s", words)
	case <-time.After(probation):
		return nil
	}
}

// handOver returns when the new process serves. On an error, everything is as it was.
func (d *Daemon) handOver(ctx context.Context, program string) (*succession, error) {
	raw, socket := d.control.Estate()
	child, conn, err := handover.Start(program, &handover.Estate{
		Clients: d.clients, Control: raw, Data: d.lock, Socket: socket, As: d.opt.Program,
	})
	if err != nil {
		return nil, err
	}
	s := &succession{child: child, link: handover.NewLink(conn), over: make(chan struct{})}
	ctx, stop := s.living(ctx, d.cfg.Timeouts.Takeover)
	defer stop()
	if s.ready, err = s.link.Hello(ctx, d.setup()); err != nil {
		return nil, s.failed(ctx, err)
	}
	d.log.Info("handing over to a new process", "pid", s.ready.PID, "version", s.ready.Version)
	if err := d.tokens.Entrust(ctx, s.link.Tokens()); err != nil {
		return nil, s.failed(ctx, err)
	}
	if err := d.handler.Freeze(ctx); err != nil {
		d.tokens.Reclaim()
		return nil, s.failed(ctx, err)
	}
	err = d.yield(ctx, s)
	if err == nil {
		d.leave(s)
	}
	d.handler.Thaw()
	return s, err
}

// living ends with the heir, and when it takes too long.
func (s *succession) living(ctx context.Context, most time.Duration) (context.Context, func()) {
	ctx, stop := context.WithTimeoutCause(ctx, most, fmt.Errorf("it did not serve within %s", most))
	ctx, end := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		select {
		case <-s.child.Done:
			_, words := s.child.Exit()
			end(errors.New(words))
		case <-done:
		}
	}()
	return ctx, func() { close(done); end(nil); stop() }
}

// failed ends an heir that has taken nothing over, and says why.
func (s *succession) failed(ctx context.Context, err error) error {
	err = s.reason(ctx, err)
	s.child.Kill()
	s.link.Return()
	s.link.Release()
	return plainly(err)
}

// reason finds the better reason for an error of an heir: how it ended, or that its time was up.
func (s *succession) reason(ctx context.Context, err error) error {
	var said rpc.ServerError
	switch {
	case errors.As(err, &said): // its own words
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case s.child.EndsWithin(lastWords):
		_, words := s.child.Exit()
		return errors.New(words)
	}
	return err
}

// lastWords is how long a process that hung up may take to end by itself, so that it can be told what it ended with.
const lastWords = 200 * time.Millisecond

func plainly(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return errors.New("it hung up")
	}
	return err
}

// yield stops deciding anything here, and has the heir decide it. On an error, everything is as it was.
func (d *Daemon) yield(ctx context.Context, s *succession) error {
	d.accept(false)
	state := handover.State{Started: d.started, Counts: d.gate.Entrust(s.link.Limits())}
	var err error
	if state.Pool, err = d.pool.Entrust(s.link.Accounts()); err == nil {
		state.Open, err = d.ledger.Entrust(ctx, s.link)
	}
	if err == nil {
		err = s.link.Take(ctx, state)
	}
	if err == nil {
		s.link.Commit()
		return nil
	}
	return errors.Join(plainly(s.reason(ctx, err)), d.takeBack(s))
}

// takeBack ends the heir, and has everything decided here again.
func (d *Daemon) takeBack(s *succession) error {
	s.child.Kill()
	lines := s.link.Return()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	_, err := d.ledger.Reclaim(ctx, lines)
	d.pool.Reclaim()
	d.gate.Reclaim(d.charged(ctx))
	d.tokens.Reclaim()
	s.link.Release()
	d.accept(true)
	return err
}

// accept has this process take connections, or leave them to another one.
func (d *Daemon) accept(here bool) {
	if here {
		d.control.Resume()
		d.listener.Resume()
	} else {
		d.control.Pause()
		d.listener.Pause()
	}
}

// charged is what keys have been charged, as far as that can be read.
func (d *Daemon) charged(ctx context.Context) map[string]usage.Charges {
	day, week := limit.Days(d.opt.Now(), d.zone)
	spent, err := d.store.Charged(ctx, day, week)
	if err != nil {
		d.log.Error("cannot read what keys have been charged", "error", err)
	}
	return spent
}

// leave lets what is in flight run to its end, while the heir serves.
func (d *Daemon) leave(s *succession) {
	d.succeed.Store(s)
	d.handler.Leave(true)
	d.handler.EndStreams()
	d.control.Leave()
	d.engine.Leave(true)
	d.leaveMetrics(true)
	go d.watch(s)
}

// watch ends Run when nothing is in flight any more, and takes everything back when the heir ends before.
func (d *Daemon) watch(s *succession) {
	ctx, stop := context.WithTimeout(context.Background(), d.cfg.Timeouts.Drain)
	defer stop()
	stopping := make(chan struct{})
	go func() {
		if s.link.Stopping(ctx) {
			close(stopping)
		}
	}()
	began, tick := time.Now(), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.link.Lost():
			d.comeBack(s)
			return
		case <-stopping:
		case <-ctx.Done():
		case <-tick.C:
			if time.Since(began) < stay || !d.drained() {
				continue
			}
		}
		d.finished()
		return
	}
}

// drained reports whether nothing is left to do here, nor in a process that this one has inherited from.
func (d *Daemon) drained() bool {
	if d.engine.InFlight()+d.engine.Connections() > 0 {
		return false
	}
	if d.heir == nil {
		return true
	}
	select {
	case <-d.heir.Ended():
		return true
	default:
		return false
	}
}

// comeBack serves again: the heir is gone.
func (d *Daemon) comeBack(s *succession) {
	if err := d.takeBack(s); err != nil {
		d.log.Error("cannot take the ledger back from the new process, which has ended", "error", err)
	}
	d.engine.Leave(false)
	d.leaveMetrics(false)
	d.handler.Leave(false)
	d.succeed.Store(nil)
	tellMainPID(pid())
	_, words := s.child.Exit()
	d.log.Error("the new process ended; this one serves again", "pid", s.child.PID, "how", words)
	close(s.over)
}
