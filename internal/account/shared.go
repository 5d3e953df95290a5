package account

import (
	"context"
	"slices"
	"time"
)

// Shared is what this pool has in common with others that lend the same accounts, on other nodes or in the process that was handed
// over to: the slots of accounts with a limit, and what was learnt of them. Only Apply may block.
type Shared interface {
	// Apply takes a slot of the first account that has one free. taken is its index, -1 when none has; used tells how many
	// slots of each are in use, as far as it looked. An error refuses the request.
	Take(ctx context.Context, of []Cap) (slot Slot, taken int, used []int, err error)
	// Adopt counts a slot that was taken without asking, as soon as it can be.
	Adopt(of Cap) Slot
	// Publish tells the others. What they tell comes to Pool.ApplyUpdates.
	Publish(StateUpdate)
}

// Cap is an account with how many requests it may serve at once.
type Cap struct {
	Account string
	Most    int
}

// Slot is one request's share of an account's concurrency on all nodes.
type Slot interface{ Free() }

const (
	// offers is how many accounts with a limit are offered a request at once: one question, whichever has room.
	offers = 4
	// fullFor is how long an account is taken for full after the other nodes were found to fill it.
	fullFor = 300 * time.Millisecond
	// loadFor is how long what the others hold of an account counts in its rank.
	loadFor = 5 * time.Second
	// lookAgain is how often a request that waits for a slot looks itself: nobody tells of slots whose node has died.
	lookAgain = 250 * time.Millisecond
)

// offer is an account that would do.
type offer struct {
	entry *entry
	why   why
}

// together is a pool that lends accounts together with others: a slot of an account with a limit counts once they know of it.
type together struct {
	pool   *Pool
	shared Shared
}

// try asks for a slot where the account has a limit. The account that comes first counts as lent meanwhile, so that the next pick
// sees it.
func (t *together) try(ctx context.Context, w *Want) (*Lease, time.Duration, error) {
	p := t.pool
	now := p.opt.Now()
	l := &Lease{pool: p, about: w.asked()}
	list, full := p.rank(w, l, now)
	if len(list) == 0 {
		return nil, ifFull(full, lookAgain), nil
	}
	p.hold(l, list[0], w, now)
	if list[0].entry.acc.MaxConcurrency == 0 {
		p.stick(w, l.entry, l.why, now)
		return l, 0, nil
	}
	caps := capsOf(list)
	slot, taken, used, err := t.take(ctx, caps)
	if err != nil || p.lending != t {
		if slot != nil {
			slot.Free()
		}
		l.giveBack()
		return nil, 0, err
	}
	t.learn(list, taken, used)
	return t.settle(l, w, list, caps, slot, taken)
}

// take asks without the lock.
func (t *together) take(ctx context.Context, caps []Cap) (Slot, int, []int, error) {
	t.pool.mu.Unlock()
	defer t.pool.mu.Lock()
	return t.shared.Take(ctx, caps)
}

// capsOf are those of the first accounts that have one.
func capsOf(list []offer) []Cap {
	caps := make([]Cap, 0, len(list))
	for _, o := range list {
		if o.entry.acc.MaxConcurrency == 0 {
			break
		}
		caps = append(caps, Cap{Account: o.entry.acc.ID, Most: o.entry.acc.MaxConcurrency})
	}
	return caps
}

// learn takes in how many slots the others hold. The first of list is lent here, and not counted there unless it was taken.
func (t *together) learn(list []offer, taken int, used []int) {
	now := t.pool.opt.Now()
	for i, n := range used {
		e := list[i].entry
		own := len(e.leases)
		if i == 0 && taken != 0 {
			own--
		}
		if i == taken && i != 0 {
			own++
		}
		e.elsewhere, e.elsewhereAt = max(0, n-own), now
		if i != taken {
			e.fullAt = now // if a slot becomes free, whoever was refused is told
		}
	}
}

// settle makes l a lease of the account that was taken.
func (t *together) settle(l *Lease, w *Want, list []offer, caps []Cap, slot Slot, taken int) (*Lease, time.Duration, error) {
	p, now := t.pool, t.pool.opt.Now()
	if taken < 0 && len(list) > len(caps) {
		taken = len(caps) // the last one has no limit
	}
	if taken != 0 {
		l.giveBack()
	}
	if taken < 0 {
		return nil, lookAgain, nil
	}
	if taken > 0 {
		p.hold(l, list[taken], w, now)
	}
	l.slot = slot
	p.stick(w, l.entry, l.why, now)
	return l, 0, nil
}

// serve has the first that freed would do for look again; the first of all when freed is nil.
func (t *together) serve(freed *entry) {
	if len(t.pool.line.all) == 0 {
		return
	}
	now := t.pool.opt.Now()
	for _, x := range t.pool.line.all {
		if freed == nil || freed.reason(now, x.want) == Eligible {
			x.wake()
			return
		}
	}
}

// left has the next one look: there may be room for more than one.
func (t *together) left() { t.serve(nil) }

func (t *together) adopt(e *entry) Slot {
	if e.acc.MaxConcurrency == 0 {
		return nil
	}
	return t.shared.Adopt(Cap{Account: e.acc.ID, Most: e.acc.MaxConcurrency})
}

func (t *together) publish(n StateUpdate) { t.shared.Publish(n) }

func (*together) sole() bool { return false }

// rank gives the accounts that would do, the best first, as far as it may take several: until one has no limit. It is
// called with mu held.
func (p *Pool) rank(w *Want, l *Lease, now time.Time) (list []offer, full bool) {
	shelves := p.ranked(w)
	bound, next := p.boundTo(w, now), *w
	next.Tried = slices.Clone(w.Tried)
	for len(list) < offers {
		first := len(list) == 0
		e, reason := pick(now, shelves, bound, &next, func(e *entry, r Reason) {
			full = full || r == NoFreeSlot
			if first {
				l.record(e, r)
			}
		})
		if e == nil {
			break
		}
		list = append(list, offer{e, reason})
		if e.acc.MaxConcurrency == 0 {
			break
		}
		next.Tried = append(next.Tried, e.acc.ID)
	}
	p.rotate(shelves, len(list) > 0)
	return list, full
}

// foreign is how many slots the other nodes hold, as far as that was learnt a moment ago.
func (e *entry) foreign(now time.Time) int {
	if e.elsewhere == 0 || now.Sub(e.elsewhereAt).Abs() > loadFor {
		return 0
	}
	return e.elsewhere
}

// full reports whether this node's requests take every slot, or all nodes' did a moment ago.
func (e *entry) full(now time.Time) bool {
	most := e.acc.MaxConcurrency
	return most > 0 && (len(e.leases) >= most || !e.fullAt.IsZero() && now.Sub(e.fullAt).Abs() < fullFor)
}

// Freed tells that another node gave back a slot of an account that somebody waits for.
func (p *Pool) Freed(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.entries[id]; e != nil {
		e.elsewhere, e.fullAt = 0, time.Time{}
		p.lending.serve(e)
	}
}
