package redis

import (
	"context"
	"fmt"
	"time"

	"crs/internal/limit"
	"crs/internal/usage"
)

// look is how often a request in a queue looks itself whether its turn has come: a call may be missed, and nobody calls for
// a node that has died.
const look = time.Second

// asking is a request on its way in.
type asking struct {
	n     *Node
	ask   limit.Ask
	seat  *seat
	began time.Time

	since  string // when it joined the queue, as Redis says
	turn   chan struct{}
	second bool // it has been refused a place once, and looked again
	maybe  bool // Redis may know it
}

// Admit implements limit.Shared.
func (c Counts) Admit(ctx context.Context, ask limit.Ask) (limit.Seat, error) {
	a := &asking{n: c.Node, ask: ask, seat: c.newSeat(ask), began: time.Now()}
	seat, err := a.run(ctx)
	a.unlisten()
	if err != nil {
		a.undo()
		return nil, err
	}
	return seat, nil
}

// run asks until there is an answer that stays.
func (a *asking) run(ctx context.Context) (*seat, error) {
	for {
		asked := time.Now()
		answer, err := a.n.ask(ctx, a.n.scripts.admit, keySlot(a.ask.Key.ID), a.n.keys.ofKey(a.ask.Key.ID), a.args()...)
		a.maybe = a.maybe || sent(err)
		if err != nil {
			return nil, err
		}
		v, err := numbers(answer, 7)
		if err != nil {
			return nil, err
		}
		switch v[0] {
		case 0:
			if time.Since(asked) > a.n.opt.Lease/2 {
				continue // this node stood still: its lease may be over already
			}
			return a.in(asked, v), nil
		case 1:
			a.maybe = false
			if refused := a.refused(v); refused.Limit != limit.Concurrency || !a.looksAgain(ctx) {
				return nil, refused
			}
		case 2:
			if err := a.wait(ctx, v, answer); err != nil {
				return nil, err
			}
		default:
			a.maybe = false
			if err := a.n.raise(ctx, a.ask.Key.ID); err != nil {
				return nil, err
			}
		}
	}
}

func (a *asking) args() []any {
	p := &a.ask.Key.Policy
	return append([]any{
		a.seat.member, max(0, a.ask.Tokens), max(0, a.ask.Cost), a.n.opt.Lease.Milliseconds(), a.n.opt.Turn.Milliseconds(), a.since,
		p.Concurrency, a.queue(), p.RequestsPerMinute, p.TokensPerMinute, p.DailyCost, p.WeeklyCost, p.TotalCost,
	}, a.n.bounds()...)
}

func (a *asking) queue() int {
	if a.ask.Key.Policy.QueueWait <= 0 {
		return 0
	}
	return a.ask.Key.Policy.Queue
}

func (a *asking) in(asked time.Time, v []int64) *seat {
	s := a.seat
	if a.since != "" {
		s.stood = time.Since(a.began)
	}
	if a.ask.Key.Policy.Budgeted() {
		s.spent = usage.Charges{Day: v[1], Week: v[2], Total: v[3]}
		a.n.compare(a.ask.Key.ID)
	}
	a.n.keep(&s.lease, asked)
	return s
}

// limits are all of them, in the order in which the script numbers them.
var limits = [...]limit.Name{
	1: limit.RequestsPerMinute, limit.TokensPerMinute, limit.Concurrency, limit.DailyCost, limit.WeeklyCost, limit.TotalCost,
}

// refused says what a local gate would.
func (a *asking) refused(v []int64) *limit.Refused {
	p := &a.ask.Key.Policy
	r := &limit.Refused{Limit: limits[v[1]], Used: v[2], Reserved: v[3]}
	r.Max = map[limit.Name]int64{
		limit.RequestsPerMinute: p.RequestsPerMinute, limit.TokensPerMinute: p.TokensPerMinute, limit.Concurrency: int64(p.Concurrency),
		limit.DailyCost: p.DailyCost, limit.WeeklyCost: p.WeeklyCost, limit.TotalCost: p.TotalCost,
	}[r.Limit]
	switch {
	case r.Limit == limit.Concurrency:
		r.RetryAfter = time.Second
	case v[4] == 0: // a total budget: no time will help once it is spent
		if !r.Spent() {
			r.RetryAfter = limit.Soon
		}
	case r.Limit.Money() && !r.Spent():
		r.RetryAfter = limit.Soon
	case r.Limit.Money():
		r.Reset = time.Unix(v[4], 0)
		r.RetryAfter = max(r.Reset.Sub(time.Unix(v[5], 0)), time.Second)
	default:
		r.RetryAfter = max(time.Unix(v[4], 0).Sub(time.UnixMilli(v[6])), time.Second)
		r.Reset = a.n.opt.Now().Add(r.RetryAfter)
	}
	return r
}

// looksAgain reports whether a request that found every place taken should ask once more: who left a moment ago may not
// have been told of yet, by this node or by another. A client that asks one thing after the other must not be refused.
func (a *asking) looksAgain(ctx context.Context) bool {
	if a.second {
		return false
	}
	a.second = true
	pause := time.NewTimer(graceful)
	defer pause.Stop()
	var left *keyPost
	for {
		if left == nil {
			left = a.n.leaving(a.ask.Key.ID)
		}
		answered, told := a.n.isTold(left)
		if told {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-pause.C:
			return true
		case <-answered:
		}
	}
}

// graceful is how long a node may take to tell of who has left, in all ordinary circumstances.
const graceful = 25 * time.Millisecond

// leaving gives what has yet to be told of those who have left a key; nil when there is nothing.
func (n *Node) leaving(id string) *keyPost {
	n.mu.Lock()
	defer n.mu.Unlock()
	for b := n.owed.keys[id]; b != nil; b = b.next {
		if len(b.gone) > 0 {
			return b
		}
	}
	return nil
}

// isTold reports whether Redis has been told of b, and gives a channel that is closed when it has been told more.
func (n *Node) isTold(b *keyPost) (answered chan struct{}, told bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.answered, b != nil && b.told
}

// wait ends when the request should ask again, or may wait no more.
func (a *asking) wait(ctx context.Context, v []int64, answer any) error {
	p := &a.ask.Key.Policy
	a.since = fmt.Sprint(answer.([]any)[2])
	left := p.QueueWait - time.Since(a.began)
	if left <= 0 {
		return &limit.Refused{
			Limit: limit.Concurrency, Max: int64(p.Concurrency), Used: v[3], RetryAfter: time.Second,
			Waited: time.Since(a.began), Position: int(v[1]),
		}
	}
	if a.turn == nil {
		a.turn = a.n.onTurn(a.seat.member)
		left = 0 // the call may have come before anybody listened
	}
	timer := time.NewTimer(min(left, look))
	defer timer.Stop()
	select {
	case <-a.turn:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// onTurn gives a channel that hears when member's turn has come.
func (n *Node) onTurn(member string) chan struct{} {
	c := make(chan struct{}, 1)
	n.mu.Lock()
	n.turns[member] = c
	n.mu.Unlock()
	return c
}

func (a *asking) unlisten() {
	if a.turn == nil {
		return
	}
	a.n.mu.Lock()
	delete(a.n.turns, a.seat.member)
	a.n.mu.Unlock()
}

// undo takes back what may have come of asking.
func (a *asking) undo() {
	if !a.maybe {
		return
	}
	a.n.mu.Lock()
	b := a.n.owed.key(a.seat.of)
	b.gone = append(b.gone, a.seat.member)
	a.n.owe(keySlot(a.seat.of))
	a.n.mu.Unlock()
}
