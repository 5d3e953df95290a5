// Package limit admits requests against the limits of the key that they come with.
package limit

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"crs/internal/key"
	"crs/internal/usage"
)

// Gate keeps the count of every key, in memory; with a Shared, several nodes keep it together.
type Gate struct {
	clock      Clock
	zone       *time.Location
	shared     atomic.Pointer[Shared] // nil when there is no other node
	entrusted  atomic.Bool            // that other node is the process that this one has handed over to
	refuseAway bool

	mu    sync.RWMutex // guards books; never held together with a book's lock
	books map[string]*book
}

// Options are what a gate needs.
type Options struct {
	Clock Clock
	Zone  *time.Location
	// Spent, by key id, is what keys have been charged so far on the clock's day, in its week and in total.
	Spent map[string]usage.Charges
	// Shared, if not nil, has the counts kept by several nodes together. Spent is then what counts during an outage.
	Shared Shared
	// Refuse has every request refused while the shared count cannot be asked. Otherwise this node's own count, which goes
	// on beside the shared one, decides alone until it can.
	Refuse bool
}

// NewGate makes a gate of one node, on a clock that nobody sets.
func NewGate(now func() time.Time, zone *time.Location, spent map[string]usage.Charges) *Gate {
	return New(Options{Clock: plain{now, now()}, Zone: zone, Spent: spent})
}

// New makes a gate.
func New(opt Options) *Gate {
	g := &Gate{clock: opt.Clock, zone: opt.Zone, refuseAway: opt.Refuse, books: make(map[string]*book, len(opt.Spent))}
	if opt.Shared != nil {
		g.shared.Store(&opt.Shared)
	}
	period := periodOf(g.clock.Steady(), opt.Zone)
	for id, charges := range opt.Spent {
		g.books[id] = &book{id: id, budget: budget{period: period, spent: charges}}
	}
	return g
}

// now is called without a book's lock.
func (g *Gate) now() moment { return moment{g.clock.Steady(), g.clock.Elapsed()} }

// Ask is a request at the gate.
type Ask struct {
	Key *key.Key
	// Tokens and Cost are estimates; they are held back until the truth is known. Cost is what the key would be charged.
	Tokens, Cost int64
}

// Enter is the first check of a request, before its body is read: it takes a slot of the key, waits in the key's queue for
// it if it must, and charges nothing; or it gives a *Refused, or ctx's error when that ends while it waits. The permit must be
// charged before the request goes on, and released and settled.
//
// Counts that are kept elsewhere are not asked: what this gate knows never exceeds what they do.
func (g *Gate) Enter(ctx context.Context, k *key.Key) (*Permit, error) {
	for {
		with := g.shared.Load()
		if with != nil {
			return g.enterShared(*with, k)
		}
		p, err := g.take(ctx, nil, Ask{Key: k}, false)
		if !errors.Is(err, ErrElsewhere) {
			return p, err
		}
	}
}

// Charge is the full check of a request that has entered, once it has said what it wants. The permit that it gives stands in
// p's place; p holds nothing any more if it gives an error, or another one.
func (p *Permit) Charge(ctx context.Context, ask Ask) (*Permit, error) {
	err := p.charge(ask)
	if err == nil {
		return p, nil
	}
	p.Release()
	p.Settle(0, 0)
	if errors.Is(err, ErrElsewhere) {
		return p.gate.Admit(ctx, ask)
	}
	return nil, err
}

// charge counts p here, where its slot is.
func (p *Permit) charge(ask Ask) error {
	b, now := p.book, p.gate.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.visits || p.gate.shared.Load() != nil {
		return ErrElsewhere
	}
	if refused := b.refuse(now, p.gate.zone, ask); refused != nil {
		return refused
	}
	p.tokens, p.cost = ask.Tokens, ask.Cost
	b.charge(now, ask)
	return nil
}

// Admit lets a request in at once: it enters and is charged. It waits in the key's queue first if it must, or gives a
// *Refused. It gives ctx's error when that ends while it waits. The permit must be released and settled.
func (g *Gate) Admit(ctx context.Context, ask Ask) (*Permit, error) {
	for {
		p, err := g.ask(ctx, ask)
		if !errors.Is(err, ErrElsewhere) {
			return p, err
		}
	}
}

func (g *Gate) ask(ctx context.Context, ask Ask) (*Permit, error) {
	with := g.shared.Load()
	if with != nil {
		return g.admitShared(ctx, with, ask)
	}
	return g.take(ctx, nil, ask, true)
}

// take counts here, as long as it is with that these counts are shared.
func (g *Gate) take(ctx context.Context, with *Shared, ask Ask, charge bool) (*Permit, error) {
	b := g.book(ask.Key.ID)
	now := g.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if g.shared.Load() != with {
		return nil, ErrElsewhere
	}
	if refused := b.refuse(now, g.zone, ask); refused != nil {
		return nil, refused
	}
	p := &Permit{gate: g, book: b, tokens: ask.Tokens, cost: ask.Cost}
	if !b.enter(p, ask.Key.Policy.Concurrency) {
		if err := b.queue(ctx, p, &ask.Key.Policy); err != nil {
			return nil, err
		}
		now = g.now() // the rates may have been used up while it waited
		if refused := b.refuse(now, g.zone, ask); refused != nil {
			b.leave(p)
			return nil, refused
		}
	}
	if charge {
		b.charge(now, ask)
	}
	return p, nil
}

func (g *Gate) book(id string) *book {
	g.mu.RLock()
	b := g.books[id]
	g.mu.RUnlock()
	if b != nil {
		return b
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if b = g.books[id]; b == nil {
		b = &book{id: id}
		g.books[id] = b
	}
	return b
}

// Use is how much of its limits a key uses. Costs are in nano-USD.
type Use struct {
	InFlight, Queued                 int
	RequestsInMinute, TokensInMinute int64
	Spent                            usage.Charges
	ReservedTokens, ReservedCost     int64
	DayEnds, WeekEnds                time.Time
}

// Use tells what the key with this id uses now.
func (g *Gate) Use(id string) Use {
	b, now := g.book(id), g.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.budget.turn(now.steady, g.zone)
	u := Use{
		InFlight: len(b.inside), Queued: len(b.waiting), Spent: b.budget.spent,
		ReservedTokens: b.tokensReserved, ReservedCost: b.costReserved,
		DayEnds: b.budget.period.nextDay, WeekEnds: b.budget.period.nextWeek,
	}
	if b.requests != nil {
		u.RequestsInMinute = b.requests.count(now.elapsed)
	}
	if b.tokens != nil {
		u.TokensInMinute = b.tokens.count(now.elapsed)
	}
	return u
}

// Permit is an admitted request. Release and Settle may come in either order, from any goroutine.
type Permit struct {
	gate   *Gate
	book   *book
	tokens int64 // reserved
	cost   int64
	shared Seat          // in the count of all nodes; nil when there is none. Guarded by the book's lock.
	waited time.Duration // set before it is given out

	visits bool // it has entered, and is counted elsewhere once it is charged

	// The fields below are guarded by the book's lock.
	seat    int // where in the book's inside it stands
	out     bool
	settled bool
}

// Waited is how long it stood in the key's queue.
func (p *Permit) Waited() time.Duration { return p.waited }

// Release gives the concurrency slot back, at the last byte. Calling it again does nothing.
func (p *Permit) Release() {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	if p.out {
		return
	}
	if p.visits {
		p.out = true
		p.book.visiting--
		return
	}
	p.book.leave(p)
	if p.shared != nil {
		p.shared.Release()
	}
}

// Settle puts the truth in the place of the estimate: the tokens that count against a rate, and what the key is charged,
// in nano-USD. Only the first call counts.
func (p *Permit) Settle(tokens, charged int64) {
	now := p.gate.now()
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	if p.settled || p.visits {
		return
	}
	p.settled = true
	p.book.settle(now, p.gate.zone, p, tokens, charged)
	p.entrustLate()
	if p.shared != nil {
		p.shared.Settle(tokens, charged)
	}
}
