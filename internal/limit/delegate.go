package limit

import (
	"time"

	"crs/internal/unit"
)

// Count is what a gate knows of a holder beside the requests in flight, for a process that may be of another version.
type Count struct {
	Used []Used
	// What follows is how older versions say it: costs, and the last minute.
	Spent            struct{ Day, Week, Total int64 }
	Requests, Tokens []Tick
}

// Used is what was used of a unit in a window: N in a span of the calendar, Ticks in one that slides.
type Used struct {
	Of    string // a Rule's name
	N     int64
	Ticks []Tick
}

// Delegate hands the counts over to another process: it adopts every request that is in flight, and whoever waits in a
// queue asks it anew. It gives what that process must know beside that, by holder. This gate counts on beside it. Counts that
// several nodes share stay where they are: the other process is another node.
func (g *Gate) Delegate(to Shared) map[string]Count {
	if !(*g.home).sole() {
		return nil
	}
	counts := map[string]Count{}
	now := g.now()
	g.turnTo(g.countingWith(to), func(b *counters) {
		b.turn(now.calendar)
		counts[b.id] = b.count(now)
	})
	return counts
}

// turnTo has requests counted otherwise from now on: those that are in flight count there, and who waits in a queue asks there. each is
// called for every book, with its lock held.
func (g *Gate) turnTo(by *counting, each func(*counters)) {
	g.counting.Store(by)
	for _, b := range g.all() {
		b.mu.Lock()
		each(b)
		for _, p := range b.inside {
			p.shared = (*by).adopt(p)
		}
		for _, w := range b.waiting {
			w.moved = true
			close(w.turn)
		}
		b.waiting = nil
		b.mu.Unlock()
	}
}

// count is called with the book's lock held.
func (b *counters) count(now moment) (c Count) {
	for i := range b.spent {
		for u, n := range b.spent[i] {
			if n != 0 {
				c.Used = append(c.Used, Used{Of: Rule{Unit: unit.Unit(u), Window: Day - Window(i)}.String(), N: n})
			}
		}
	}
	for _, s := range b.slides {
		c.Used = append(c.Used, Used{Of: Rule{Unit: s.unit, Window: s.window}.String(), Ticks: s.ticks(now.elapsed)})
	}
	return c
}

// uses gives what a count says, also one of an older version.
func (c *Count) uses() []Used {
	all := c.Used
	for of, n := range map[string]int64{"cost/day": c.Spent.Day, "cost/week": c.Spent.Week, "cost/total": c.Spent.Total} {
		if n != 0 {
			all = append(all, Used{Of: of, N: n})
		}
	}
	for of, ticks := range map[string][]Tick{"requests/minute": c.Requests, "tokens/minute": c.Tokens} {
		if ticks != nil {
			all = append(all, Used{Of: of, Ticks: ticks})
		}
	}
	return all
}

// asked is what a place was given for, as far as it is still known. What it holds nothing back of any more is zero.
func (p *place) asked() (Holder, unit.Amounts) {
	return Holder{ID: p.book.id, Limits: p.limits}, p.reserved
}

// adoptLate has whoever counts too now hear of a request that had left already when that changed, and is settled now. It is called
// with the book's lock held.
func (p *place) adoptLate() {
	if p.shared != nil {
		return
	}
	p.shared = (*p.gate.counting.Load()).adopt(p)
	if p.shared != nil && p.out {
		p.shared.Release()
	}
}

// TakeBack takes the counts back: the other process is gone. What this gate counted beside it holds again, and spent is
// what was used by now.
func (g *Gate) TakeBack(spent map[string]Spent) {
	if g.counting.Load() == g.home {
		return
	}
	g.Raise(spent)
	g.turnTo(g.home, func(*counters) {})
}

// Raise has budgets hold at least what was used.
func (g *Gate) Raise(spent map[string]Spent) {
	for id, known := range spent {
		b, now := g.book(id), g.now()
		b.mu.Lock()
		b.turn(now.calendar)
		b.spent.raise(&known)
		b.mu.Unlock()
	}
}

// Inherit takes over what another process has counted. What this version does not know is left out.
func (g *Gate) Inherit(counts map[string]Count) {
	now := g.now()
	for id, c := range counts {
		b := g.book(id)
		b.mu.Lock()
		b.spent, b.slides, b.begins = Spent{}, nil, now.calendar.begins
		for _, used := range c.uses() {
			b.inherit(now, used)
		}
		b.mu.Unlock()
	}
}

// inherit is called with the book's lock held.
func (b *counters) inherit(now moment, used Used) {
	r, err := ParseRule(used.Of)
	if err != nil {
		return
	}
	if !r.Window.Slides() {
		b.spent.Set(r.Unit, r.Window, used.N)
		return
	}
	s := newSliding(r.Unit, r.Window)
	for _, t := range used.Ticks {
		s.addBefore(now.elapsed, time.Duration(t.Age)*time.Second, t.N)
	}
	b.slides = append(b.slides, s)
}

// Adopt counts a request that another process has let in, whatever the limits say: it is in flight already. What counts when a request
// is let in is among what that process has handed over.
func (g *Gate) Adopt(id string, estimate unit.Amounts) *Permit {
	b := g.book(id)
	at := &place{gate: g, book: b, limits: new(Limits), reserved: estimate.Settled()}
	p := &Permit{gate: g}
	p.places = append(p.one[:0], at)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seat(at)
	b.reserved = b.reserved.Add(at.reserved)
	return p
}
