package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"os"
	"sync/atomic"
	"time"

	"crs/ctl"
	"crs/daemon/handover"
	"crs/internal/patience"
	"crs/internal/store"
)

// upgrade is a handover to a new process.
type upgrade struct {
	child *handover.Child
	link  *handover.Link
	ready handover.Ready
	// tokens are sealed pairs that the store has not taken yet.
	tokens []string
	// first leads to whichever process serves, if this one was started first and is watched by whoever started it.
	first *handover.Tether
	// late: it was told that it serves when this process had been told to stop already.
	late atomic.Bool
	// over is closed when the successor ended before its time, and everything was taken back.
	over chan struct{}
	how  string // it ended; set before over is closed
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
	out := ctl.Restarted{OldPID: os.Getpid(), OldVersion: d.opt.Version}
	if !d.handing.TryLock() {
		return out, ctl.Errorf(ctl.Conflict, "this daemon is being restarted already")
	}
	defer d.handing.Unlock()
	switch {
	case d.life.Err() != nil:
		return out, errStopped
	case d.upgrade.Load() != nil:
		return out, ctl.Errorf(ctl.Conflict, "this daemon has handed over to a new process a moment ago").WithHint("look at it with: crs status")
	case d.opt.Program == "":
		return out, ctl.Errorf(ctl.Failed, "this daemon does not know the program that it runs from")
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(d.life, func() { stop(errStopped) })()
	if err := d.sealing.Intact(); err != nil {
		return out, ctl.Errorf(ctl.Failed, "%s; a new process would begin with whatever is in its place, so nothing is handed over, and this one serves on", err).
			WithHint("put the files of the data directory back first: crs status says how")
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
	if err := d.ledger.CommitWithin(diskPatience); err != nil {
		return out, ctl.Errorf(ctl.Failed, "%s; nothing is handed over before that works; the daemon runs on, and what waits is not lost", err).
			WithHint("%s", store.Mend(err))
	}
	s, err := d.handOver(ctx, program)
	if err == nil {
		err = s.prove(d.life)
	}
	if d.life.Err() != nil {
		return out, d.stopped(s, err)
	}
	if err != nil {
		d.log.Error("the new process did not take over; this one runs on", "program", program, "error", err)
		return out, ctl.Errorf(ctl.Failed, "the new process did not take over: %s; the old one (version %s, pid %d) runs on", err, d.opt.Version, os.Getpid()).
			WithHint("its log says more: crs logs; what only a start can change, crs stop and crs start do")
	}
	out.PID, out.Version, out.InFlight = s.ready.PID, s.ready.Version, d.engine.InFlight()
	tellMainPID(s.ready.PID)
	return out, nil
}

// diskPatience is how long a restart waits for a disk.
const diskPatience = 10 * time.Second

// errStopped means that this process is to end, whatever else was to become of it.
var errStopped = ctl.Errorf(ctl.Conflict, "this daemon has been told to stop, and does")

// endHandover ends or finishes the handover that is under way, and lets none begin.
func (d *Daemon) endHandover() {
	d.end()
	d.handing.Lock() // Restart has it until everything is decided
	defer d.handing.Unlock()
}

// stopped is a handover during which this process was told to stop. It was taken back, or there is a new process to tell.
func (d *Daemon) stopped(s *upgrade, err error) error {
	if err != nil {
		d.log.Info("told to stop while handing over to a new process; that is taken back", "why", err)
		return errStopped
	}
	s.late.Store(true)
	tellMainPID(s.ready.PID) // it ends last
	d.log.Info("told to stop while handing over to a new process; that serves already, and is told to stop too", "pid", s.ready.PID)
	return errStopped
}

// prove watches a new process that serves until it has given a sign of life at the end of its probation, or life ends.
func (s *upgrade) prove(life context.Context) error {
	watched := time.After(probation)
	var sign <-chan struct{}
	for {
		select {
		case <-s.over:
			return fmt.Errorf("it served, and then %s", s.how)
		case <-life.Done():
			return nil
		case <-watched:
			sign = s.link.Pulse()
		case <-sign:
			return nil
		}
	}
}

// handOver returns when the new process serves. On an error, everything is as it was.
func (d *Daemon) handOver(ctx context.Context, program string) (*upgrade, error) {
	raw, socket := d.control.Files()
	first, tether, err := d.tether()
	if err != nil {
		return nil, err
	}
	child, conn, err := handover.Start(program, &handover.InheritedFiles{
		Clients: d.clients, Control: raw, Data: d.lock, Socket: socket, Tether: tether, As: d.opt.Program,
	})
	if first != nil {
		tether.Close() // the child has it
	}
	if err != nil {
		return nil, err
	}
	s := &upgrade{child: child, link: handover.NewLink(conn), first: first, over: make(chan struct{})}
	ctx, stop := s.living(ctx, d.cfg.Timeouts.Takeover)
	defer stop()
	if s.ready, err = s.link.Hello(ctx, d.setup()); err != nil {
		return nil, s.failed(ctx, err)
	}
	d.log.Info("handing over to a new process", "pid", s.ready.PID, "version", s.ready.Version)
	held, err := d.tokens.Delegate(ctx, s.link.Tokens())
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	if s.tokens, err = d.reserve.Seal(held); err == nil {
		err = d.handler.Freeze(ctx)
	}
	if err != nil {
		d.tokens.TakeBack()
		return nil, s.failed(ctx, err)
	}
	err = d.yield(ctx, s)
	if err == nil {
		d.leave(s)
	}
	d.handler.Thaw()
	return s, err
}

// tether gives what a successor is to hold: what this process holds itself, or the other end of a new one when this process was
// started first. Both are nil where whoever has started the first looks after the others too.
func (d *Daemon) tether() (*handover.Tether, *handover.Held, error) {
	if held := d.held(); held != nil || supervised() {
		return nil, held, nil
	}
	return handover.NewTether()
}

// held is this process's end of a tether; nil for the first one.
func (d *Daemon) held() *handover.Held {
	if d.opt.Inherited == nil {
		return nil
	}
	return d.opt.Inherited.Tether
}

// goodbye ends the handover. A successor that has handed over in its turn, and ended before, is not there to be told.
func (s *upgrade) goodbye(ctx context.Context) error {
	if s.link.PassedOn() != 0 && s.child.EndsWithin(0) {
		return nil
	}
	return s.link.Goodbye(ctx)
}

// living ends with the successor, and when it takes too long.
func (s *upgrade) living(ctx context.Context, most time.Duration) (context.Context, func()) {
	ctx, stop := context.WithTimeoutCause(ctx, most, fmt.Errorf("it did not serve within %s", most))
	ctx, end := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		select {
		case <-s.child.Done:
			end(errors.New(s.child.Exit()))
		case <-done:
		}
	}()
	return ctx, func() { close(done); end(nil); stop() }
}

// failed ends a successor that has taken nothing over, and says why.
func (s *upgrade) failed(ctx context.Context, err error) error {
	err = s.reason(ctx, err)
	s.child.Kill()
	s.link.Return()
	s.link.Release()
	return plainly(err)
}

// reason finds the better reason for an error of a successor: how it ended, or that its time was up.
func (s *upgrade) reason(ctx context.Context, err error) error {
	switch {
	case errors.As(err, new(rpc.ServerError)): // its own words
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case s.child.EndsWithin(lastWords):
		return errors.New(s.child.Exit())
	}
	return err
}

// lastWords is how long a process that closed its connection may take to end by itself, so that it can be told what it ended with.
const lastWords = 200 * time.Millisecond

func plainly(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return errors.New("it closed the connection")
	}
	return err
}

// yield stops deciding anything here, and has the successor decide it. On an error, everything is as it was.
func (d *Daemon) yield(ctx context.Context, s *upgrade) error {
	d.accept(false)
	state := handover.State{Started: d.started, Clock: d.clock.Reading(), Tokens: s.tokens, Counts: d.gate.Delegate(s.link.Limits())}
	var err error
	if state.Pool, err = d.pool.Delegate(s.link.Accounts()); err == nil {
		state.Open, err = d.ledger.Delegate(ctx, s.link)
	}
	if err == nil {
		err = s.link.Take(ctx, state)
	}
	if err == nil {
		s.link.Commit()
		return nil
	}
	err = plainly(s.reason(ctx, err))
	d.takeBack(s)
	return err
}

// takeBack ends the successor, and has everything decided here again.
func (d *Daemon) takeBack(s *upgrade) {
	s.child.Kill()
	_ = d.ledger.TakeBack(context.Background(), s.child.Done) // what it waits for, it has told
	s.link.Return()                                           // also when the ledger was not delegated to it
	d.pool.TakeBack()
	d.gate.TakeBack(d.spentNow())
	d.tokens.TakeBack()
	s.link.Release()
	d.accept(true)
	d.held().Serving()
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

// leave lets what is in flight run to its end, while the successor serves.
func (d *Daemon) leave(s *upgrade) {
	d.upgrade.Store(s)
	d.passedOn(s.child.PID)
	d.handler.Leave(true)
	d.handler.EndStreams()
	d.control.Leave()
	d.engine.Leave(true)
	d.leaveMetrics(true)
	go d.watch(s)
}

// passedOn tells the process that this one has inherited from, if it is still there, who serves now; 0 for this one.
func (d *Daemon) passedOn(to int) {
	if d.takeover != nil {
		d.takeover.PassedOn(to)
	}
}

// watch ends Run when nothing is in flight any more, and takes everything back when the successor ends before.
func (d *Daemon) watch(s *upgrade) {
	ctx, stop := context.WithTimeout(context.Background(), d.cfg.Timeouts.Drain)
	defer stop()
	stopping := make(chan struct{})
	go func() {
		if s.link.Stopping(ctx) {
			close(stopping)
		}
	}()
	began, ticks := time.Now(), time.NewTicker(tick)
	defer ticks.Stop()
	p := pulse{link: s.link, sign: s.link.Pulse()}
	for {
		select {
		case <-s.link.Lost():
			if s.link.Dismissed() {
				return // this process ends
			}
			if next := s.link.PassedOn(); next != 0 {
				d.log.Error("the new process ended after it had handed over to another one, which serves; what is in flight here is not counted", "pid", s.child.PID, "serves", next)
				d.finished()
				return
			}
			d.comeBack(s)
			return
		case <-stopping:
		case <-ctx.Done():
		case <-ticks.C:
			if p.tick(); p.gone() {
				s.how = fmt.Sprintf("it did not answer for %s", hung)
				d.comeBack(s)
				return
			}
			if time.Since(began) < stay || p.late() || !d.drained() || !s.link.Settled() {
				continue
			}
		}
		d.finished()
		return
	}
}

// drained reports whether nothing is left to do here, nor in a process that this one has inherited from.
func (d *Daemon) drained() bool {
	return d.engine.InFlight()+d.engine.Connections() == 0 && (d.takeover == nil || patience.Over(d.takeover.Ended()))
}

// comeBack serves again: the successor is gone.
func (d *Daemon) comeBack(s *upgrade) {
	d.takeBack(s)
	d.engine.Leave(false)
	d.leaveMetrics(false)
	d.handler.Leave(false)
	d.upgrade.Store(nil)
	d.passedOn(0)
	tellMainPID(os.Getpid())
	s.how = cmp.Or(s.how, s.child.Exit())
	d.log.Error("the new process is gone; this one serves again", "pid", s.child.PID, "why", s.how)
	close(s.over)
}
