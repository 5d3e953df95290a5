package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"crs/internal/outage"
)

// Shared is what the pools of several nodes have in common: the slots of accounts with a limit, and what they have learnt.
// When it cannot be asked, Take gives an *outage.Error. The other methods do not block.
type Shared interface {
	// Take takes a slot of the first account that has one free. taken is its index, -1 when none has; used tells how many
	// slots of each are in use on all nodes, as far as it looked.
	Take(ctx context.Context, of []Cap) (slot Slot, taken int, used []int, err error)
	// Adopt counts a slot that was taken without asking, as soon as it can be.
	Adopt(of Cap) Slot
	// Tell tells the other nodes. What they tell comes to Pool.Hear.
	Tell(News)
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

// pickShared is Pick where other nodes use the accounts too.
func (p *Pool) pickShared(ctx context.Context, w *Want) (*Lease, error) {
	x := &waiter{want: w, since: time.Now(), poke: make(chan struct{}, 1)}
	defer p.forget(x)
	for {
		l, full, err := p.take(ctx, w)
		if l != nil {
			l.waited, x.lent = x.waited(), true
		}
		if l != nil || err != nil {
			return l, err
		}
		left := p.stayFor(x, full)
		if left <= 0 {
			p.mu.Lock()
			defer p.mu.Unlock()
			return nil, p.noneReady(w, x.waited())
		}
		if err := x.pause(ctx, min(left, lookAgain)); err != nil {
			return nil, err
		}
	}
}

// stayFor puts x in the queue, if only slots are missing, and tells how long it may still wait.
func (p *Pool) stayFor(x *waiter, full bool) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !full || p.opt.Wait <= x.want.Waited {
		return 0
	}
	if !x.queued {
		x.queued = true
		p.line.join(x)
	}
	return p.opt.Wait - x.want.Waited - time.Since(x.since)
}

func (x *waiter) pause(ctx context.Context, most time.Duration) error {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-x.poke:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// waited is zero for a request that did not wait.
func (x *waiter) waited() time.Duration {
	if !x.queued {
		return 0
	}
	return time.Since(x.since)
}

// forget takes x out of the queue, and lets the next one look: there may be room for more than one.
func (p *Pool) forget(x *waiter) {
	if !x.queued {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if x.lent {
		p.line.took(x)
	}
	p.line.leave(x)
	p.serveWaiting(nil)
}

// pokeWaiting has the first request that freed would do for look again; the first of all when freed is nil.
func (p *Pool) pokeWaiting(freed *entry) {
	now := p.opt.Now()
	for _, x := range p.line.all {
		if freed == nil || freed.reason(now, x.want) == Eligible {
			select {
			case x.poke <- struct{}{}:
			default:
			}
			return
		}
	}
}

// take picks, asks for a slot where the account has a limit, and lends. full tells that an account would do if it had a
// slot. The account that comes first counts as lent while it asks, so that the next pick sees it.
func (p *Pool) take(ctx context.Context, w *Want) (l *Lease, full bool, err error) {
	p.mu.Lock()
	shared := p.shared
	if shared == nil {
		p.mu.Unlock()
		return nil, false, ErrElsewhere
	}
	now := p.opt.Now()
	l = &Lease{pool: p, about: w.asked()}
	list, full := p.rank(w, l, now)
	if len(list) == 0 {
		p.mu.Unlock()
		return nil, full, nil
	}
	p.hold(l, list[0], w, now)
	if list[0].entry.acc.MaxConcurrency == 0 {
		p.stick(w, l.entry, l.why, now)
		p.mu.Unlock()
		return l, false, nil
	}
	caps := capsOf(list)
	p.mu.Unlock()
	slot, taken, used, err := shared.Take(ctx, caps)
	return p.settleTake(l, w, list, caps, slot, taken, used, err)
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

// settleTake makes of l what came of asking.
func (p *Pool) settleTake(l *Lease, w *Want, list []offer, caps []Cap, slot Slot, taken int, used []int, err error) (*Lease, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.opt.Now()
	var away *outage.Error
	switch {
	case errors.As(err, &away) && !p.opt.RefuseAway && p.shared != nil:
		slot, taken = p.shared.Adopt(caps[0]), 0
	case err != nil:
		l.giveBack()
		return nil, false, err
	}
	for i, n := range used {
		e := list[i].entry
		own := len(e.leases)
		if i == 0 && taken != 0 {
			own-- // l is counted here, and not there
		}
		if i == taken && i != 0 {
			own++
		}
		e.elsewhere, e.elsewhereAt = max(0, n-own), now
		if i != taken {
			e.fullAt = now // if a slot becomes free, whoever was refused is told
		}
	}
	if taken < 0 && len(list) > len(caps) {
		taken = len(caps) // the last one has no limit
	}
	if taken != 0 {
		l.giveBack()
	}
	if taken < 0 {
		return nil, true, nil
	}
	if taken > 0 {
		p.hold(l, list[taken], w, now)
	}
	l.slot = slot
	p.stick(w, l.entry, l.why, now)
	return l, false, nil
}

// rank gives the accounts that would do, the best first, as far as it may take several: until one has no limit. It is
// called with mu held.
func (p *Pool) rank(w *Want, l *Lease, now time.Time) (list []offer, full bool) {
	shelves := p.shelved(w)
	bound, next := p.boundTo(w, now), *w
	next.Tried = slices.Clone(w.Tried)
	for len(list) < offers {
		first := len(list) == 0
		e, reason := pick(now, shelves, bound, &next, func(e *entry, r Reason) {
			full = full || r == NoFreeSlot
			if first {
				l.saw(e, r)
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
	p.turnShelves(shelves, len(list) > 0)
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
		p.pokeWaiting(e)
	}
}
