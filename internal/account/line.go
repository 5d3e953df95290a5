package account

import (
	"cmp"
	"slices"
	"time"
)

// waiter is a request that waits for a slot. Its turn comes with a lease in ready.
type waiter struct {
	want  *Want
	since time.Time
	ready chan *Lease
	// Where other nodes use the accounts too, it is told to look again instead.
	poke   chan struct{}
	queued bool
	lent   bool
	turn   int64 // in which round it is served
}

// line is those that wait for a slot. Keys take turns in it: in each round one request of every key is served, and those of a key in
// the order in which they came. So however many one key sends, another's first waits for no more than one of them. It is guarded by
// the pool's lock.
type line struct {
	all    []*waiter // in the order in which they are served
	turn   int64     // the round that is being served
	served map[string]int64
}

// enqueue is called with mu held.
func (p *Pool) enqueue(w *Want) *waiter {
	x := &waiter{want: w, since: time.Now(), ready: make(chan *Lease, 1)}
	p.line.join(x)
	return x
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

// serveWaiting gives what is free to those who wait, in the order of the line. freed, if not nil, is the only account that
// has become any freer. It is called with mu held.
func (p *Pool) serveWaiting(freed *entry) {
	if len(p.line.all) == 0 {
		return
	}
	if p.shared != nil {
		p.pokeWaiting(freed)
		return
	}
	now := p.opt.Now()
	kept := p.line.all[:0]
	for _, x := range p.line.all {
		if freed == nil || freed.reason(now, x.want) == Eligible {
			if l, _ := p.try(x.want); l != nil {
				p.line.took(x)
				x.ready <- l
				continue
			}
		}
		kept = append(kept, x)
	}
	clear(p.line.all[len(kept):])
	p.line.all = kept
	p.line.end()
}
