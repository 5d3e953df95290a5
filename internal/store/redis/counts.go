package redis

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"crs/internal/limit"
	"crs/internal/unit"
)

// Counts counts for all nodes. It implements limit.Shared.
type Counts struct{ *Node }

// Counts gives what the gate of this node counts with.
func (n *Node) Counts() Counts { return Counts{n} }

var _ limit.Shared = Counts{}

// seat is a request that was let in. It implements limit.Seat.
type seat struct {
	lease
	node  *Node
	holds limit.Holder
	spent limit.Spent
	stood time.Duration

	mu                sync.Mutex // guards the fields below; taken before the node's
	released, settled bool
}

// free is the seat of a request that nobody has to count.
type free struct{}

func (free) Release()              {}
func (free) Settle(unit.Amounts)   {}
func (free) Cancel()               {}
func (free) Spent() limit.Spent    { return limit.Spent{} }
func (free) Waited() time.Duration { return 0 }

func (n *Node) newSeat(h limit.Holder, estimate unit.Amounts) *seat {
	s := &seat{node: n, holds: h}
	s.of, s.member = h.ID, n.newMember(heldBack(estimate))
	return s
}

// heldBack ends the name of a member, as lua/key.lua reads it. Tokens and cost stand last, where every version looks for them.
func heldBack(estimate unit.Amounts) string {
	text := ""
	for u, n := range estimate.Settled() {
		of := unit.Unit(u)
		if n > 0 && of != unit.Tokens && of != unit.Cost {
			text += fmt.Sprintf(";%s%d", of.Letter(), n)
		}
	}
	return text + fmt.Sprintf(":%d:%d", max(0, estimate[unit.Tokens]), max(0, estimate[unit.Cost]))
}

// Adopt implements limit.Shared.
func (c Counts) Adopt(h limit.Holder, estimate unit.Amounts) limit.Seat {
	if !h.Limits.Budgeted() {
		if _, was := c.raised.Load(h.ID); was {
			c.raised.Delete(h.ID) // what it spends from now on is only in the roll-ups
		}
	}
	if !h.Limits.Limited() {
		return free{}
	}
	s := c.newSeat(h, estimate)
	s.charge(unit.AtOnce())
	c.keep(&s.lease, time.Time{})
	return s
}

// Release implements limit.Seat. What is reserved goes with the place: where nobody waits for that, it stays until it is settled, lest
// others spend what is about to be charged.
func (s *seat) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.released = true
	if s.settled || s.holds.Limits.Concurrency > 0 {
		s.node.end(&s.lease)
	}
}

// Spent implements limit.Seat.
func (s *seat) Spent() limit.Spent { return s.spent }

// Waited implements limit.Seat.
func (s *seat) Waited() time.Duration { return s.stood }

// Settle implements limit.Seat.
func (s *seat) Settle(used unit.Amounts) { s.end(used.Settled()) }

// Cancel implements limit.Seat.
func (s *seat) Cancel() {
	back := unit.AtOnce()
	for u := range back {
		back[u] = -back[u]
	}
	s.end(back)
}

// end counts what has not been counted yet.
func (s *seat) end(used unit.Amounts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.settled {
		return
	}
	s.settled = true
	s.charge(used)
	if s.released {
		s.node.end(&s.lease)
	}
}

// charge has Redis count what was used, as far as limits need it.
func (s *seat) charge(used unit.Amounts) {
	l := s.holds.Limits
	slid, spent := used, used
	for u := range used {
		if !slides(l, unit.Unit(u)) {
			slid[u] = 0
		}
	}
	if !l.Budgeted() {
		spent = unit.Amounts{}
	}
	if slid == (unit.Amounts{}) && spent == (unit.Amounts{}) {
		return
	}
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	b := s.node.owed.key(s.of)
	b.limits, b.spent = l, b.spent.Add(spent)
	if slid != (unit.Amounts{}) {
		b.count(time.Now(), slid)
	}
	s.node.owe(keySlot(s.of))
}

// Closed implements limit.Shared.
func (c Counts) Closed() error {
	if !c.opt.Refuse {
		return nil
	}
	return c.Away()
}

// Use implements limit.Shared. What nobody has counted yet is begun first.
func (c Counts) Use(ctx context.Context, h limit.Holder, mine limit.Use) (limit.Use, error) {
	of, spans := asked(h.Limits), limit.Spans(c.opt.Now(), c.opt.Zone)
	v, err := c.use(ctx, h, of, len(spans))
	if err == nil && slices.ContainsFunc(sliding(h.Limits), func(r limit.Rule) bool { return v[2+slices.IndexFunc(of, r.Same)] < 0 }) {
		if err = c.raise(ctx, h); err == nil {
			v, err = c.use(ctx, h, of, len(spans))
		}
	}
	if err != nil {
		return limit.Use{}, err
	}
	u := limit.Use{InFlight: int(v[0]), Queued: int(v[1]), Spent: mine.Spent}
	for i, r := range of {
		if n := v[2+i]; n >= 0 || r.Window.Slides() {
			u.Set(r, max(0, n))
		}
	}
	for i, s := range spans {
		u.SetEnd(s.Window, time.Unix(v[2+len(of)+i], 0))
	}
	for i, reserved := range unit.All() {
		u.Reserved[reserved] = v[2+len(of)+len(spans)+i]
	}
	return u, nil
}

// use asks for how many are inside and wait, what was used of each limit, -1 where nobody has said, when each span ends, and what is
// reserved of each unit.
func (c Counts) use(ctx context.Context, h limit.Holder, of []limit.Rule, spans int) ([]int64, error) {
	args := append(rules(of), c.spans()...)
	for _, u := range unit.All() {
		args = append(args, u.Letter())
	}
	answer, err := c.ask(ctx, c.scripts.use, keySlot(h.ID), c.keys.ofKey(h.ID), args...)
	if err != nil {
		return nil, err
	}
	return numbers(answer, 2+len(of)+spans+len(unit.All()))
}
