package limit

import (
	"context"
	"errors"
	"time"

	"crs/internal/key"
	"crs/internal/outage"
	"crs/internal/usage"
)

// Shared counts keys for several nodes together. When it cannot be asked, it gives an *outage.Error.
type Shared interface {
	// Admit lets a request in, has it wait in the key's queue if it must, or gives a *Refused; for all nodes as Gate.Admit
	// does for one. The seat must be released and settled.
	Admit(ctx context.Context, ask Ask) (Seat, error)
	// Adopt counts a request that was let in without asking, as soon as it can be. It does not block.
	Adopt(ask Ask) Seat
	// Use tells what the key uses on all nodes.
	Use(ctx context.Context, k *key.Key) (Use, error)
	// Away is nil while it can be asked.
	Away() error
}

// Seat is a request that a Shared counts. Both its methods may be called in either order, and do not block.
type Seat interface {
	Release()
	Settle(tokens, charged int64)
	// Spent is what the key had been charged on all nodes when the request was let in; zero when nobody asked.
	Spent() usage.Charges
	// Waited is how long the request stood in the queue.
	Waited() time.Duration
}

// admitShared asks the shared count first, unless the key has no limits.
func (g *Gate) admitShared(ctx context.Context, with *Shared, ask Ask) (*Permit, error) {
	shared := *with
	if !ask.Key.Policy.Limited() {
		if away := shared.Away(); away != nil && g.refuseAway {
			return nil, away
		}
		return g.seated(ask, shared.Adopt(ask)), nil
	}
	seat, err := shared.Admit(ctx, ask)
	if err == nil {
		return g.seated(ask, seat), nil
	}
	g.hear(ask, err)
	var away *outage.Error
	if !errors.As(err, &away) || g.refuseAway {
		return nil, err
	}
	p, err := g.take(ctx, with, ask, true)
	if err != nil {
		return nil, err
	}
	p.attach(shared.Adopt(ask))
	return p, nil
}

// enterShared checks what this node knows, which costs no round trip, and how many of the key's requests it has: those that
// send their bodies at once are as many as may be inside or wait.
func (g *Gate) enterShared(with Shared, k *key.Key) (*Permit, error) {
	if away := with.Away(); away != nil && g.refuseAway {
		return nil, away
	}
	b, now := g.book(k.ID), g.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if refused := b.refuse(now, g.zone, Ask{Key: k}); refused != nil {
		if refused = b.confirmed(now, refused); refused != nil {
			return nil, refused
		}
	}
	if refused := b.crowded(&k.Policy); refused != nil {
		return nil, refused
	}
	b.visiting++
	return &Permit{gate: g, book: b, visits: true}, nil
}

// heardFor is how long it holds what the shared count has said of a day or a week.
const heardFor = time.Minute

// confirmed gives what the shared count has said a moment ago for a refusal that is about a day or a week, and nil when it has said
// nothing: when those end is its to say, and this node's may begin a little before or after.
func (b *book) confirmed(now moment, r *Refused) *Refused {
	if r.Limit != DailyCost && r.Limit != WeeklyCost {
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
func (b *book) crowded(p *key.Policy) *Refused {
	places := p.Concurrency
	if p.QueueWait > 0 {
		places += p.Queue
	}
	if p.Concurrency == 0 || len(b.inside)+b.visiting < places {
		return nil
	}
	return &Refused{Limit: Concurrency, Max: int64(p.Concurrency), Used: int64(len(b.inside)), RetryAfter: time.Second}
}

// hear learns from a refusal what the key has spent: when the shared count cannot be asked any more, this node knows.
func (g *Gate) hear(ask Ask, err error) {
	var r *Refused
	if !errors.As(err, &r) || !r.Limit.Money() {
		return
	}
	var known usage.Charges
	switch spent := r.Used - r.Reserved; r.Limit {
	case DailyCost:
		known.Day = spent
	case WeeklyCost:
		known.Week = spent
	case TotalCost:
		known.Total = spent
	}
	b, now := g.book(ask.Key.ID), g.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard, b.heardAt = r, now.elapsed
	b.budget.turn(now.steady, g.zone)
	b.budget.raise(known)
}

// seated counts a request here too that was let in by the shared count, or needs nobody's leave.
func (g *Gate) seated(ask Ask, seat Seat) *Permit {
	b, now := g.book(ask.Key.ID), g.now()
	p := &Permit{gate: g, book: b, tokens: ask.Tokens, cost: ask.Cost, shared: seat, waited: seat.Waited()}
	spent := seat.Spent()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.budget.turn(now.steady, g.zone)
	b.budget.raise(spent)
	b.seat(p)
	b.charge(now, ask)
	return p
}

// attach has the shared count hear of a permit that this node gave alone.
func (p *Permit) attach(seat Seat) {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	p.shared = seat
}

// raise takes over what others know of. Neither side ever counts too much, so the larger figure is nearer to the truth.
func (b *budget) raise(known usage.Charges) {
	b.spent.Day = max(b.spent.Day, known.Day)
	b.spent.Week = max(b.spent.Week, known.Week)
	b.spent.Total = max(b.spent.Total, known.Total)
}

// UseOn tells what a key uses on all nodes; on this one where it has no limits, or others cannot be asked.
func (g *Gate) UseOn(ctx context.Context, k *key.Key) Use {
	mine, with := g.Use(k.ID), g.shared.Load()
	if with == nil || !k.Policy.Limited() || (*with).Away() != nil {
		return mine
	}
	all, err := (*with).Use(ctx, k)
	if err != nil {
		return mine
	}
	if all.Spent == (usage.Charges{}) {
		all.Spent = mine.Spent
	}
	return all
}
