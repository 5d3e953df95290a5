package limit

import (
	"slices"
	"time"

	"crs/internal/bound"
	"crs/internal/unit"
)

// Amendment is what a holder was charged more than was thought, or less, in an hour of a day.
type Amendment struct {
	Holder  string
	Day     string // as roll-ups name it
	Hour    time.Time
	Charged int64
}

// In gives what amendments come to in each span of the calendar around now.
func In(all []Amendment, now time.Time, zone *time.Location) (sum Spent) {
	c := calendarAt(now, zone)
	for i := range all {
		all[i].each(c.begins, func(span int) { sum[span][unit.Cost] = bound.Sum(sum[span][unit.Cost], all[i].Charged) })
	}
	return sum
}

// each names the spans that it is in.
func (a *Amendment) each(begins [calendars]time.Time, yield func(span int)) {
	for i, begin := range begins {
		if begin.IsZero() || begin.Format(time.DateOnly) <= a.Day {
			yield(i)
		}
	}
}

// Past is the amendment as what was used some time ago. More counts as late in the hour as it can have been, less as early: whoever is
// charged for it never has more left than is so.
func (a *Amendment) Past(now time.Time) Past {
	at := a.Hour
	if a.Charged > 0 {
		at = at.Add(time.Hour)
	}
	return Past{Age: max(0, now.Sub(at)), Used: unit.Amounts{unit.Cost: a.Charged}}
}

// Amend has budgets, and windows of an hour and more, know what was charged by now, where this gate counts alone.
func (g *Gate) Amend(all []Amendment) {
	now := g.now()
	for i := range all {
		b := g.book(all[i].Holder)
		b.mu.Lock()
		b.amend(now, &all[i])
		b.mu.Unlock()
	}
}

// amend is called with the book's lock held.
func (b *counters) amend(now moment, a *Amendment) {
	b.turn(now.calendar)
	a.each(b.begins, func(span int) {
		b.spent[span][unit.Cost] = max(0, bound.Sum(b.spent[span][unit.Cost], a.Charged))
	})
	past := a.Past(now.steady)
	for _, s := range b.slides {
		if s.looksBack() {
			s.addBefore(now.elapsed, past.Age, past.Used[unit.Cost])
		}
	}
}

// looksBack reports whether it is of costs, in a window that roll-ups know of.
func (s *sliding) looksBack() bool { return s.unit == unit.Cost && s.window.length() >= time.Hour }

// Lower has budgets hold no more than roll-ups know, where others count and this gate only knows about it.
func (g *Gate) Lower(spent map[string]Spent) {
	now := g.now()
	for _, b := range g.all() {
		known := spent[b.id]
		b.mu.Lock()
		b.turn(now.calendar)
		for i := range b.spent {
			b.spent[i][unit.Cost] = min(b.spent[i][unit.Cost], known[i][unit.Cost])
		}
		b.slides = slices.DeleteFunc(b.slides, (*sliding).looksBack)
		b.heard = nil
		b.mu.Unlock()
	}
}
