package limit

import (
	"context"
	"errors"
	"time"

	"crs/internal/unit"
)

// Shared counts for several nodes together.
type Shared interface {
	// Admit lets a request in, has it wait in the holder's queue if it must, or gives a *Exceeded; for all nodes as Gate.Admit
	// does for one, and for one holder. The seat must be released and settled, or cancelled. It is nil, without an error, where nobody
	// can be asked and the gate is to decide alone.
	Admit(ctx context.Context, h Holder, estimate unit.Amounts) (Seat, error)
	// Adopt counts a request that was let in without asking, as soon as it can be. It does not block.
	Adopt(h Holder, estimate unit.Amounts) Seat
	// Use tells what the holder uses on all nodes. What was spent is as on this one, mine, where it is not counted together.
	Use(ctx context.Context, h Holder, mine Use) (Use, error)
	// Closed is why every request is refused, whatever its holder's limits; nil while they are not.
	Closed() error
}

// Seat is a request that a Shared counts. Release and one of Settle and Cancel may be called in either order, and do not block.
type Seat interface {
	Release()
	Settle(used unit.Amounts)
	// Cancel has it count for nothing.
	Cancel()
	// Spent is what the holder had used on all nodes when the request was let in; zero when nobody asked.
	Spent() Spent
	// Waited is how long the request stood in the queue.
	Waited() time.Duration
}

// together is a gate whose requests are counted with those of others.
type together struct {
	gate   *Gate
	shared Shared
}

// admit asks the shared count first, unless nothing limits the holder.
func (t *together) admit(ctx context.Context, h Holder, estimate unit.Amounts) (*place, error) {
	if !h.Limits.Limited() {
		if err := t.shared.Closed(); err != nil {
			return nil, err
		}
		return t.gate.seated(h, estimate, t.shared.Adopt(h, estimate)), nil
	}
	seat, err := t.shared.Admit(ctx, h, estimate)
	switch {
	case err != nil:
		t.gate.hear(h.ID, err)
		return nil, err
	case seat != nil:
		return t.gate.seated(h, estimate, seat), nil
	}
	p, err := t.gate.take(ctx, t, h, estimate, true)
	if err == nil {
		p.attach(t.shared.Adopt(h, estimate))
	}
	return p, err
}

// enter checks what this node knows, which costs no round trip, and how many of the holder's requests it has: those that
// send their bodies at once are as many as may be inside or wait.
func (t *together) enter(_ context.Context, h Holder) (*place, error) {
	if err := t.shared.Closed(); err != nil {
		return nil, err
	}
	g := t.gate
	b, now := g.book(h.ID), g.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if refused := b.refuse(now, h.Limits); refused != nil {
		if refused = b.confirmed(now, refused); refused != nil {
			return nil, refused
		}
	}
	if refused := b.crowded(h.Limits); refused != nil {
		return nil, refused
	}
	b.visiting++
	return &place{gate: g, book: b, limits: h.Limits, visits: true}, nil
}

func (t *together) adopt(p *place) Seat { return t.shared.Adopt(p.asked()) }

func (t *together) use(ctx context.Context, h Holder, mine Use) Use {
	if !h.Limits.Limited() {
		return mine
	}
	all, err := t.shared.Use(ctx, h, mine)
	if err != nil {
		return mine
	}
	return all
}

func (*together) sole() bool { return false }

// heardFor is how long it holds what the shared count has said of a span of the calendar.
const heardFor = time.Minute

// confirmed gives what the shared count has said a moment ago for a refusal that is about a span of the calendar, and nil when it has
// said nothing: when those end is its to say, and this node's may begin a little before or after.
func (b *counters) confirmed(now moment, r *Exceeded) *Exceeded {
	if r.Window.Slides() || r.Window == Total {
		return r
	}
	passed := now.elapsed - b.heardAt
	if b.heard == nil || b.heard.Limit != r.Limit || passed >= min(heardFor, b.heard.RetryAfter) {
		return nil
	}
	again := *b.heard
	again.RetryAfter = max(again.RetryAfter-passed, time.Second)
	return &again
}

// crowded refuses a request for which neither a slot nor a place in the queue can be left.
func (b *counters) crowded(l *Limits) *Exceeded {
	places := l.Concurrency
	if l.QueueWait > 0 {
		places += l.Queue
	}
	if l.Concurrency == 0 || len(b.inside)+b.visiting < places {
		return nil
	}
	return &Exceeded{Limit: Concurrency, Max: int64(l.Concurrency), Used: int64(len(b.inside)), RetryAfter: time.Second}
}

// hear learns from a refusal what was spent: when the shared count cannot be asked any more, this node knows.
func (g *Gate) hear(id string, err error) {
	var r *Exceeded
	if !errors.As(err, &r) || r.Limit == Concurrency || r.Window.Slides() {
		return
	}
	var known Spent
	known.Set(r.Unit, r.Window, r.Used-r.Reserved)
	b, now := g.book(id), g.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard, b.heardAt = r, now.elapsed
	b.turn(now.calendar)
	b.spent.raise(&known)
}

// seated counts a request here too that was let in by the shared count, or needs nobody's leave.
func (g *Gate) seated(h Holder, estimate unit.Amounts, seat Seat) *place {
	b, now := g.book(h.ID), g.now()
	p := &place{gate: g, book: b, limits: h.Limits, shared: seat, waited: seat.Waited()}
	spent := seat.Spent()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seat(p)
	b.charge(now, p, estimate)
	b.spent.raise(&spent)
	return p
}

// attach has the shared count hear of a request that this node let in alone.
func (p *place) attach(seat Seat) {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	p.shared = seat
}
