package load

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// Pace sends a request at a steady rate, whether or not the ones before have been answered. The time of an answer begins
// when its request was due, so that a server which stalls is charged for everything it kept waiting.
type Pace struct {
	Addr    string
	Request []byte
	Rate    int // a second
	// Skip is how long it goes on before it begins to time, and For how long it then does.
	Skip, For time.Duration
	Want      Want
}

// pacer is a Pace under way.
type pacer struct {
	Pace
	run   *Running
	timed time.Time  // what is due before is not timed
	free  chan *lane // those that wait for a request
	open  int        // lanes that were opened
}

// lane is a connection and the times of its answers. Its goroutine only reads: to be told of a request first would cost
// it a change of goroutines, which would be timed as well.
type lane struct {
	conn  *conn
	due   atomic.Pointer[time.Time] // when the request on it was
	times []time.Duration
}

const (
	// spare is how many lanes are opened before the first request, and settle how long that may take.
	spare  = 16
	settle = 50 * time.Millisecond
)

// Run sends, and gives how long each answer took, the quickest first.
func (l Pace) Run(ctx context.Context) ([]time.Duration, error) {
	total := int((l.Skip + l.For) * time.Duration(l.Rate) / time.Second)
	began := time.Now().Add(settle)
	p := &pacer{Pace: l, run: start(ctx), timed: began.Add(l.Skip), free: make(chan *lane, total+spare)}
	defer p.run.Cancel()
	for range spare {
		p.add(nil)
	}
	for i := range total {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(l.Rate))
		if p.run.ctx.Err() != nil {
			break
		}
		sleepUntil(due)
		p.send(&due)
	}
	return p.finish()
}

// send puts a request on a free lane. It is small enough for the socket to take it at once.
func (p *pacer) send(due *time.Time) {
	select {
	case l := <-p.free:
		l.due.Store(due)
		if _, err := l.conn.Write(p.Request); err != nil {
			_ = l.conn.Close() // its reader finds out
		}
	default:
		p.add(due)
	}
}

// add opens a lane. One that is opened because all others are busy begins with the request that was due.
func (p *pacer) add(due *time.Time) {
	p.open++
	p.run.work(time.Now(), p.Addr, 16<<10, func(c *conn) error {
		l := &lane{conn: c}
		if due == nil {
			p.free <- l
			return p.read(l)
		}
		l.due.Store(due)
		if _, err := c.Write(p.Request); err != nil {
			return fmt.Errorf("send a request: %w", err)
		}
		return p.read(l)
	})
}

// read takes the answers that come on a lane, until it is closed.
func (p *pacer) read(l *lane) error {
	for {
		a, err := l.conn.read()
		if err != nil {
			return fmt.Errorf("read an answer: %w", err)
		}
		due := *l.due.Load()
		took := time.Since(due)
		if err := p.Want.check(a); err != nil {
			return err
		}
		if !due.Before(p.timed) {
			l.times = append(l.times, took)
		}
		p.free <- l
	}
}

// finish waits for the answers that are still out. The lanes are closed after it.
func (p *pacer) finish() ([]time.Duration, error) {
	deadline := time.NewTimer(slack)
	defer deadline.Stop()
	var all []time.Duration
	for range p.open {
		select {
		case l := <-p.free:
			all = append(all, l.times...)
		case <-p.run.ctx.Done():
			return nil, p.run.Wait()
		case <-deadline.C:
			return nil, fmt.Errorf("an answer is out for more than %s", slack)
		}
	}
	slices.Sort(all)
	return all, nil
}
