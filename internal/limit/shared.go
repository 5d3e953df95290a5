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

// SharedOptions are the knobs of a gate that shares its counts.
type SharedOptions struct {
	Now    func() time.Time
	Zone   *time.Location
	Spent  map[string]usage.Charges // as NewGate has it; what counts during an outage
	Shared Shared
	// Refuse has every request refused while the shared count cannot be asked. Otherwise this node's own count, which goes
	// on beside the shared one, decides alone until it can.
	Refuse bool
}

// NewSharedGate makes a gate whose counts are kept by several nodes together.
func NewSharedGate(opt SharedOptions) *Gate {
	g := NewGate(opt.Now, opt.Zone, opt.Spent)
	g.shared.Store(&opt.Shared)
	g.refuseAway = opt.Refuse
	return g
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
	p, err := g.admit(ctx, with, ask)
	if err != nil {
		return nil, err
	}
	p.attach(shared.Adopt(ask))
	return p, nil
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
	b.budget.turn(now, g.zone)
	b.budget.raise(known)
}

// seated counts a request here too that was let in by the shared count, or needs nobody's leave.
func (g *Gate) seated(ask Ask, seat Seat) *Permit {
	b, now := g.book(ask.Key.ID), g.now()
	p := &Permit{gate: g, book: b, tokens: ask.Tokens, cost: ask.Cost, shared: seat, waited: seat.Waited()}
	spent := seat.Spent()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.budget.turn(now, g.zone)
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
