package redis

import (
	"context"
	"fmt"
	"sync"
	"time"

	"crs/internal/bound"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/usage"
)

// Counts counts keys for all nodes. It implements limit.Shared.
type Counts struct{ *Node }

// Counts gives what the gate of this node counts with.
func (n *Node) Counts() Counts { return Counts{n} }

var _ limit.Shared = Counts{}

// seat is a request that was let in. It implements limit.Seat.
type seat struct {
	lease
	node  *Node
	key   *key.Key
	spent usage.Charges
	stood time.Duration

	mu                sync.Mutex // guards the fields below; taken before the node's
	released, settled bool
}

// free is the seat of a request that nobody has to count.
type free struct{}

func (free) Release()              {}
func (free) Settle(int64, int64)   {}
func (free) Spent() usage.Charges  { return usage.Charges{} }
func (free) Waited() time.Duration { return 0 }

func (n *Node) newSeat(ask limit.Ask) *seat {
	s := &seat{node: n, key: ask.Key}
	s.of, s.member = ask.Key.ID, n.newMember(fmt.Sprintf(":%d:%d", max(0, ask.Tokens), max(0, ask.Cost)))
	return s
}

// Adopt implements limit.Shared.
func (c Counts) Adopt(ask limit.Ask) limit.Seat {
	p := &ask.Key.Policy
	if !p.Budgeted() {
		if _, was := c.raised.Load(ask.Key.ID); was {
			c.raised.Delete(ask.Key.ID) // what it spends from now on is only in the roll-ups
		}
	}
	if !p.Limited() {
		return free{}
	}
	s := c.newSeat(ask)
	if p.RequestsPerMinute > 0 {
		c.mu.Lock()
		c.owed.key(s.of).count(time.Now(), 1, 0)
		c.mu.Unlock()
	}
	c.keep(&s.lease, time.Time{})
	return s
}

// Release implements limit.Seat. What is reserved goes with the place: where nobody waits for that, it stays until it is settled, lest
// others spend what is about to be charged.
func (s *seat) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.released = true
	if s.settled || s.key.Policy.Concurrency > 0 {
		s.node.end(&s.lease)
	}
}

// Spent implements limit.Seat.
func (s *seat) Spent() usage.Charges { return s.spent }

// Waited implements limit.Seat.
func (s *seat) Waited() time.Duration { return s.stood }

// Settle implements limit.Seat.
func (s *seat) Settle(tokens, charged int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.settled {
		return
	}
	s.settled = true
	s.charge(tokens, charged)
	if s.released {
		s.node.end(&s.lease)
	}
}

func (s *seat) charge(tokens, charged int64) {
	p := &s.key.Policy
	if p.TokensPerMinute == 0 {
		tokens = 0
	}
	if !p.Budgeted() {
		charged = 0
	}
	if tokens == 0 && charged == 0 {
		return
	}
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	b := s.node.owed.key(s.of)
	b.charged = bound.Sum(b.charged, charged)
	if tokens != 0 {
		b.count(time.Now(), 0, tokens)
	}
	s.node.owe(keySlot(s.of))
}

// Use implements limit.Shared.
func (c Counts) Use(ctx context.Context, k *key.Key) (limit.Use, error) {
	answer, err := c.ask(ctx, c.scripts.use, keySlot(k.ID), c.keys.ofKey(k.ID), c.bounds()...)
	if err != nil {
		return limit.Use{}, err
	}
	v, err := numbers(answer, 11)
	if err != nil {
		return limit.Use{}, err
	}
	u := limit.Use{
		InFlight: int(v[0]), Queued: int(v[1]), RequestsInMinute: v[2], TokensInMinute: v[3], ReservedTokens: v[4], ReservedCost: v[5],
		DayEnds: time.Unix(v[9], 0), WeekEnds: time.Unix(v[10], 0),
	}
	if v[8] >= 0 {
		u.Spent = usage.Charges{Day: v[6], Week: v[7], Total: v[8]}
	}
	return u, nil
}

// bounds are the beginnings of the days and weeks around now, for scripts: which of them it is, Redis' clock decides.
func (n *Node) bounds() []any {
	days, weeks := limit.Bounds(n.opt.Now(), n.opt.Zone)
	list := make([]any, 0, 12)
	for _, t := range [...]time.Time{days[0], days[1], days[2], days[3], weeks[0], weeks[1], weeks[2], weeks[3]} {
		list = append(list, t.Unix())
	}
	return list
}
