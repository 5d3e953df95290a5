package account

import (
	"context"
	"math"
	"time"
)

// lending is how a pool lends its accounts: alone, or together with others that lend the same ones. Which it is, is chosen in
// NewPool, and changes in turnTo. Its methods are called with the pool's lock held.
type lending interface {
	// try lends an account, without a wait. again, if not zero, tells that only a slot is missing, and after how long to look for
	// one unasked. It may let go of the lock while it asks others.
	try(ctx context.Context, w *Want) (l *Lease, again time.Duration, err error)
	// serve lends what is free to those who wait, or has them look. freed, if not nil, is the only account that has become any
	// freer.
	serve(freed *entry)
	// left is told that a request waits no longer.
	left()
	// adopt counts the slot of a lease that is under way wherever it is counted besides the pool; nil where it is not.
	adopt(e *entry) Slot
	// tell tells whoever else lends the accounts what was learnt.
	publish(StateUpdate)
	// sole reports whether nobody else lends them.
	sole() bool
}

// alone is a pool that nobody shares: its leases are all there are.
type alone struct{ pool *Pool }

// forever is for those who are told when there is something to look for.
const forever = time.Duration(math.MaxInt64)

func (a *alone) try(_ context.Context, w *Want) (*Lease, time.Duration, error) {
	p, full := a.pool, false
	now := p.opt.Now()
	shelves := p.ranked(w)
	bound := p.boundTo(w, now)
	l := &Lease{pool: p, about: w.asked()}
	best, reason := pick(now, shelves, bound, w, func(e *entry, r Reason) {
		full = full || r == NoFreeSlot
		l.record(e, r)
	})
	if best == nil {
		return nil, ifFull(full, forever), nil
	}
	p.rotate(shelves, true)
	p.hold(l, offer{best, reason}, w, now)
	p.stick(w, best, reason, now)
	return l, 0, nil
}

func ifFull(full bool, again time.Duration) time.Duration {
	if full {
		return again
	}
	return 0
}

// serve lends in the order of the line.
func (a *alone) serve(freed *entry) {
	p := a.pool
	if len(p.line.all) == 0 {
		return
	}
	now := p.opt.Now()
	kept := p.line.all[:0]
	for _, x := range p.line.all {
		if !x.looks && (freed == nil || freed.reason(now, x.want) == Eligible) {
			if l, _, _ := a.try(context.Background(), x.want); l != nil {
				p.line.took(x)
				x.lent = l
				x.wake()
				continue
			}
		}
		kept = append(kept, x)
	}
	clear(p.line.all[len(kept):])
	p.line.all = kept
	p.line.end()
}

// left has nothing to do: who waits has been lent whatever was free.
func (*alone) left() {}

func (*alone) adopt(*entry) Slot { return nil }

func (*alone) publish(StateUpdate) {}

func (*alone) sole() bool { return true }
