package account

import (
	"cmp"
	"context"
	"slices"
	"time"

	"crs/internal/patience"
)

// waiter is a request that waits for a slot.
type waiter struct {
	want  *Want
	since time.Time
	look  chan struct{} // gets something when there may be a slot
	most  time.Duration // that it pauses

	// Guarded by the pool's lock.
	turn  int64  // in which round it is served
	looks bool   // it looks for a slot itself just now
	lent  *Lease // what it was lent while it paused
}

// line is those that wait for a slot. Keys take turns in it: in each round one request of every key is served, and those of a key in
// the order in which they came. So however many one key sends, another's first waits for no more than one of them. It is guarded by
// the pool's lock.
type line struct {
	all    []*waiter // in the order in which they are served
	turn   int64     // the round that is being served
	served map[string]int64
}

// queue puts a request into the line, unless it stands there as x. It is called with mu held.
func (p *Pool) queue(x *waiter, w *Want, began time.Time, most time.Duration) *waiter {
	if x == nil {
		x = &waiter{want: w, since: began, look: make(chan struct{}, 1)}
		p.line.join(x)
	}
	x.most = most
	return x
}

func (x *waiter) wake() { patience.Poke(x.look) }

func (x *waiter) setLooks(now bool) {
	if x != nil {
		x.looks = now
	}
}

// waited is zero for a request that did not wait.
func (x *waiter) waited() time.Duration {
	if x == nil {
		return 0
	}
	return time.Since(x.since)
}

// came gives a request what it was lent while it paused, unless its client has left. It is called with mu held.
func (p *Pool) came(ctx context.Context, x *waiter) (*Lease, error) {
	l, err := x.lent, ctx.Err()
	switch {
	case l == nil:
		p.endWait(x, nil)
	case err != nil:
		l.giveBack()
		p.lending.serve(l.entry)
		return nil, err
	default:
		l.waited = x.waited()
	}
	return l, err
}

// endWait takes a request that looked itself out of the line. It is called with mu held.
func (p *Pool) endWait(x *waiter, l *Lease) {
	if x == nil {
		return
	}
	if l != nil {
		l.waited = x.waited()
		p.line.took(x)
	}
	p.line.leave(x)
	p.lending.left()
}

func (l *line) join(x *waiter) {
	x.turn = max(l.turn, l.served[x.want.Key]+1)
	for _, o := range l.all {
		if o.want.Key == x.want.Key {
			x.turn = max(x.turn, o.turn+1)
		}
	}
	at, _ := slices.BinarySearchFunc(l.all, x.turn+1, func(o *waiter, turn int64) int { return cmp.Compare(o.turn, turn) })
	l.all = slices.Insert(l.all, at, x)
}

// leave takes out who waits no longer.
func (l *line) leave(x *waiter) {
	l.all = slices.DeleteFunc(l.all, func(o *waiter) bool { return o == x })
	l.end()
}

// took remembers that a key had its turn.
func (l *line) took(x *waiter) {
	if l.served == nil {
		l.served = map[string]int64{}
	}
	l.turn, l.served[x.want.Key] = max(l.turn, x.turn), x.turn
}

// end forgets the turns once nobody waits.
func (l *line) end() {
	if len(l.all) == 0 {
		*l = line{}
	}
}
