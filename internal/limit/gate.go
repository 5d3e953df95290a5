// Package limit admits requests against the limits of those that they count for: the key that they come with.
package limit

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"crs/internal/unit"
)

// Gate keeps the count of every holder, in memory; with a Shared, several nodes keep it together.
type Gate struct {
	clock    Clock
	zone     *time.Location
	today    atomic.Pointer[calendar]
	home     *counting                // how requests are counted while this process is not handed over
	counting atomic.Pointer[counting] // how they are counted now
	furthest atomic.Int64             // the longest span of the calendar that this gate has learnt of
	unknown  func()

	mu    sync.RWMutex // guards books; never held together with a book's lock
	books map[string]*counters
}

// Options are what a gate needs.
type Options struct {
	Clock Clock
	Zone  *time.Location
	// Spent, by holder, is what was used so far in the spans of the clock's calendar.
	Spent map[string]Spent
	// Furthest is the longest span of the calendar that Spent tells of, apart from all time; zero for all of them. Unknown, if not nil,
	// is told when a limit is about a longer one; it must not block.
	Furthest Window
	Unknown  func()
	// Shared, if not nil, has the counts kept by several nodes together. Spent is then what counts during an outage.
	Shared Shared
}

// NewGate makes a gate of one node, on a clock that nobody sets.
func NewGate(now func() time.Time, zone *time.Location, spent map[string]Spent) *Gate {
	return New(Options{Clock: plain{now, now()}, Zone: zone, Spent: spent})
}

// New makes a gate.
func New(opt Options) *Gate {
	g := &Gate{clock: opt.Clock, zone: opt.Zone, unknown: opt.Unknown, books: make(map[string]*counters, len(opt.Spent))}
	g.Knows(cmp.Or(opt.Furthest, beyond))
	g.home = g.countingWith(opt.Shared)
	g.counting.Store(g.home)
	begins := g.now().calendar.begins
	for id, spent := range opt.Spent {
		g.books[id] = &counters{id: id, begins: begins, spent: spent}
	}
	return g
}

// Knows says up to which span of the calendar the gate has learnt what was used.
func (g *Gate) Knows(furthest Window) { g.furthest.Store(int64(furthest)) }

// needs has somebody find out what was used in longer spans, where limits are about them.
func (g *Gate) needs(l *Limits) {
	for i := range l.Rules {
		if w := l.Rules[i].Window; int64(w) < g.furthest.Load() && w != Total && g.unknown != nil {
			g.unknown()
			return
		}
	}
}

// now is called without a book's lock.
func (g *Gate) now() moment {
	m := moment{steady: g.clock.Steady(), elapsed: g.clock.Elapsed(), calendar: g.today.Load()}
	if m.calendar == nil || !m.calendar.holds(m.steady) {
		m.calendar = calendarAt(m.steady, g.zone)
		g.today.Store(m.calendar)
	}
	return m
}

// Ask is a request at the gate.
type Ask struct {
	// Holders are whose limits count. It is let in by all of them, or counts for none.
	Holders []Holder
	// Amounts are estimates; they are held back until the truth is known. Its cost is what would be charged.
	Amounts unit.Amounts
}

// Enter is the first check of a request, before its body is read: it takes a slot of each holder, waits in its queue for it if it
// must, and charges nothing; or it gives an *Exceeded, or ctx's error when that ends while it waits. The permit must be charged before
// the request goes on, and released and settled.
//
// Counts that are kept elsewhere are not asked: what this gate knows never exceeds what they do.
func (g *Gate) Enter(ctx context.Context, holders []Holder) (*Permit, error) {
	return g.each(holders, func(h Holder) (*place, error) { return g.enter(ctx, h) })
}

// Admit lets a request in at once: it enters and is charged. It waits in a queue first if it must, or gives an *Exceeded. It gives
// ctx's error when that ends while it waits. The permit must be released and settled.
func (g *Gate) Admit(ctx context.Context, ask Ask) (*Permit, error) {
	return g.each(ask.Holders, func(h Holder) (*place, error) { return g.admit(ctx, h, ask.Amounts) })
}

// each gets a place at every holder, or at none.
func (g *Gate) each(holders []Holder, get func(Holder) (*place, error)) (*Permit, error) {
	p := &Permit{gate: g}
	p.places = p.one[:0]
	for _, h := range holders {
		at, err := get(h)
		if err != nil {
			p.Cancel()
			return nil, err
		}
		p.places = append(p.places, at)
	}
	return p, nil
}

func (g *Gate) enter(ctx context.Context, h Holder) (*place, error) {
	return g.asked(ctx, func(by counting) (*place, error) { return by.enter(ctx, h) })
}

func (g *Gate) admit(ctx context.Context, h Holder, amounts unit.Amounts) (*place, error) {
	return g.asked(ctx, func(by counting) (*place, error) { return by.admit(ctx, h, amounts) })
}

// asked asks whoever counts now, and anew if that has changed meanwhile.
func (g *Gate) asked(ctx context.Context, ask func(counting) (*place, error)) (*place, error) {
	for {
		by := g.counting.Load()
		p, err := ask(*by)
		if err == nil || ctx.Err() != nil || g.counting.Load() == by {
			return p, err
		}
	}
}

// take counts here, as long as it is by that requests are counted.
func (g *Gate) take(ctx context.Context, by counting, h Holder, amounts unit.Amounts, charge bool) (*place, error) {
	g.needs(h.Limits)
	b, now := g.book(h.ID), g.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if *g.counting.Load() != by {
		return nil, errMoved
	}
	if refused := b.refuse(now, h.Limits); refused != nil {
		return nil, refused
	}
	p := &place{gate: g, book: b, limits: h.Limits}
	if !b.enter(p, h.Limits.Concurrency) {
		if err := b.queue(ctx, p, h.Limits); err != nil {
			return nil, err
		}
		now = g.now() // the rates may have been used up while it waited
		if refused := b.refuse(now, h.Limits); refused != nil {
			b.leave(p)
			return nil, refused
		}
	}
	if charge {
		b.charge(now, p, amounts)
	}
	return p, nil
}

func (g *Gate) book(id string) *counters {
	g.mu.RLock()
	b := g.books[id]
	g.mu.RUnlock()
	if b != nil {
		return b
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if b = g.books[id]; b == nil {
		b = &counters{id: id}
		g.books[id] = b
	}
	return b
}

// all are the books there are.
func (g *Gate) all() []*counters {
	g.mu.RLock()
	defer g.mu.RUnlock()
	books := make([]*counters, 0, len(g.books))
	for _, b := range g.books {
		books = append(books, b)
	}
	return books
}
