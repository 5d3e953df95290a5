package limit

import (
	"time"

	"crs/internal/bound"
	"crs/internal/unit"
)

// What a book counts. All of this is called with its lock held.

// turn begins spans of the calendar anew whose time has come. A moment that is a little older than the last one changes nothing.
func (b *counters) turn(c *calendar) {
	if !c.begins[index(Day)].After(b.begins[index(Day)]) {
		return
	}
	for i := range c.begins {
		if c.begins[i].After(b.begins[i]) {
			b.spent[i] = unit.Amounts{}
		}
	}
	b.begins = c.begins
}

// slide gives the count of a unit over a window that slides; nil when nobody has needed it yet.
func (b *counters) slide(u unit.Unit, w Window) *sliding {
	for _, s := range b.slides {
		if s.unit == u && s.window == w {
			return s
		}
	}
	return nil
}

// refuse checks everything but concurrency, and charges nothing.
func (b *counters) refuse(now moment, limits *Limits) *Exceeded {
	b.turn(now.calendar)
	for i := range limits.Rules {
		if refused := b.overRule(now, &limits.Rules[i]); refused != nil {
			return refused
		}
	}
	return nil
}

func (b *counters) overRule(now moment, r *Rule) *Exceeded {
	reserved := b.reserved[r.Unit]
	if !r.Window.Slides() {
		used := bound.Sum(b.spent.In(r.Unit, r.Window), reserved)
		if used < r.Max {
			return nil
		}
		return Over(r, used, reserved, now.steady, now.calendar.ends[index(r.Window)])
	}
	s := b.slide(r.Unit, r.Window)
	if s == nil {
		return nil
	}
	used := bound.Sum(s.count(now.elapsed), reserved)
	if used < r.Max {
		return nil
	}
	return Over(r, used, reserved, now.steady, now.steady.Add(s.free(now.elapsed, r.Max-reserved)))
}

// charge counts an admitted request and holds its estimate back. Counts that slide are made when a limit first needs them: most
// holders of many have none.
func (b *counters) charge(now moment, p *place, estimate unit.Amounts) {
	for i := range p.limits.Rules {
		if r := &p.limits.Rules[i]; r.Window.Slides() && b.slide(r.Unit, r.Window) == nil {
			b.slides = append(b.slides, newSliding(r.Unit, r.Window))
		}
	}
	p.charged = now
	p.reserved = estimate.Settled()
	b.reserved = b.reserved.Add(p.reserved)
	b.add(now, unit.AtOnce())
}

// add counts what was used now.
func (b *counters) add(now moment, used unit.Amounts) {
	b.turn(now.calendar)
	b.spent.add(used)
	for _, s := range b.slides {
		if n := used[s.unit]; n != 0 {
			s.add(now.elapsed, n)
		}
	}
}

func (b *counters) unreserve(p *place) {
	for u, n := range p.reserved {
		b.reserved[u] -= n
	}
	p.reserved = unit.Amounts{}
}

func (b *counters) settle(now moment, p *place, used unit.Amounts) {
	b.unreserve(p)
	b.add(now, used.Settled())
}

// cancel takes back what was counted when p was charged.
func (b *counters) cancel(now moment, p *place) {
	b.unreserve(p)
	if p.charged.calendar == nil {
		return
	}
	b.turn(now.calendar)
	for u, n := range unit.AtOnce() {
		for i := range b.spent {
			if b.begins[i].Equal(p.charged.calendar.begins[i]) {
				b.spent[i][u] -= n
			}
		}
	}
	for _, s := range b.slides {
		s.addBefore(now.elapsed, now.elapsed-p.charged.elapsed, -unit.AtOnce()[s.unit])
	}
}

// Past is what was used some time ago.
type Past struct {
	Age  time.Duration
	Used unit.Amounts
}

// Recall has windows of an hour and more know what was used before this process began, or before they limited anything.
func (g *Gate) Recall(h Holder, past []Past) {
	b, now := g.book(h.ID), g.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range h.Limits.Rules {
		if r.Window.length() < time.Hour {
			continue
		}
		s := newSliding(r.Unit, r.Window)
		for _, p := range past {
			s.addBefore(now.elapsed, p.Age, p.Used[r.Unit])
		}
		if has := b.slide(r.Unit, r.Window); has != nil {
			has.raise(now.elapsed, s)
		} else {
			b.slides = append(b.slides, s)
		}
	}
}
