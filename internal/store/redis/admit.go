package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crs/internal/limit"
	"crs/internal/outage"
	"crs/internal/patience"
	"crs/internal/unit"
)

// look is how often a request in a queue looks itself whether its turn has come: a call may be missed, and nobody calls for
// a node that has died.
const look = time.Second

// asking is a request on its way in.
type asking struct {
	n      *Node
	holder limit.Holder
	seat   *seat
	began  time.Time

	since  string // when it joined the queue, as Redis says
	turn   chan struct{}
	second bool // it has been refused a place once, and looked again
	maybe  bool // Redis may know it
}

// Admit implements limit.Shared.
func (c Counts) Admit(ctx context.Context, h limit.Holder, estimate unit.Amounts) (limit.Seat, error) {
	a := &asking{n: c.Node, holder: h, seat: c.newSeat(h, estimate), began: time.Now()}
	seat, err := a.run(ctx)
	a.unlisten()
	if err == nil {
		return seat, nil
	}
	a.undo()
	if errors.As(err, new(*outage.Error)) && !c.opt.Refuse {
		return nil, nil
	}
	return nil, err
}

// run asks until there is an answer that stays.
func (a *asking) run(ctx context.Context) (*seat, error) {
	for {
		asked := time.Now()
		answer, err := a.n.ask(ctx, a.n.scripts.admit, keySlot(a.holder.ID), a.n.keys.ofKey(a.holder.ID), a.args()...)
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
			if err := a.n.raise(ctx, a.holder); err != nil {
				return nil, err
			}
		}
	}
}

func (a *asking) args() []any {
	l := a.holder.Limits
	args := []any{a.seat.member, a.n.opt.Lease.Milliseconds(), a.n.opt.Turn.Milliseconds(), a.since, l.Concurrency, a.queue()}
	args = append(append(args, rules(l.Rules)...), a.n.spans()...)
	return append(args, amounts(unit.AtOnce())...)
}

func (a *asking) queue() int {
	if a.holder.Limits.QueueWait <= 0 {
		return 0
	}
	return a.holder.Limits.Queue
}

func (a *asking) in(asked time.Time, v []int64) *seat {
	s := a.seat
	if a.since != "" {
		s.stood = time.Since(a.began)
	}
	if a.holder.Limits.Budgeted() {
		s.spent = spentOf(a.holder.Limits.Rules, v[7:])
		a.n.compare(a.holder)
	}
	a.n.keep(&s.lease, asked)
	return s
}

// spentOf pairs figures with the limits of the calendar that they are of.
func spentOf(list []limit.Rule, figures []int64) (s limit.Spent) {
	for _, r := range list {
		if !r.Window.Slides() && len(figures) > 0 {
			s.Set(r.Unit, r.Window, figures[0])
			figures = figures[1:]
		}
	}
	return s
}

// refused says what a local gate would.
func (a *asking) refused(v []int64) *limit.Exceeded {
	l, which := a.holder.Limits, int(v[1])
	if which < 1 || which > len(l.Rules) {
		return &limit.Exceeded{Limit: limit.Concurrency, Max: int64(l.Concurrency), Used: v[2], RetryAfter: time.Second}
	}
	r := &l.Rules[which-1]
	switch {
	case r.Window.Slides():
		now := a.n.opt.Now()
		return limit.Over(r, v[2], v[3], now, now.Add(time.Unix(v[4], 0).Sub(time.UnixMilli(v[6]))))
	case v[4] == 0:
		return limit.Over(r, v[2], v[3], time.Time{}, time.Time{})
	}
	return limit.Over(r, v[2], v[3], time.Unix(v[5], 0), time.Unix(v[4], 0))
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
	var left *keyPending
	for {
		if left == nil {
			left = a.n.leaving(a.holder.ID)
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
func (n *Node) leaving(id string) *keyPending {
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
func (n *Node) isTold(b *keyPending) (answered chan struct{}, told bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.answered, b != nil && b.told
}

// wait ends when the request should ask again, or may wait no more.
func (a *asking) wait(ctx context.Context, v []int64, answer any) error {
	p := a.holder.Limits
	a.since = fmt.Sprint(answer.([]any)[2])
	left := p.QueueWait - time.Since(a.began)
	if left <= 0 {
		return &limit.Exceeded{
			Limit: limit.Concurrency, Max: int64(p.Concurrency), Used: v[3], RetryAfter: time.Second,
			Waited: time.Since(a.began), Position: int(v[1]),
		}
	}
	if a.turn == nil {
		a.turn = a.n.onTurn(a.seat.member)
		left = 0 // the call may have come before anybody listened
	}
	patience.Await(ctx, a.turn, min(left, look))
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
