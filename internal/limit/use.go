package limit

import (
	"context"
	"time"

	"crs/internal/unit"
)

// Spent is what was used in each span of the calendar.
type Spent [calendars]unit.Amounts

// In gives what was used of a unit in a span.
func (s *Spent) In(u unit.Unit, w Window) int64 { return s[index(w)][u] }

// Set says what was used of a unit in a span.
func (s *Spent) Set(u unit.Unit, w Window, n int64) { s[index(w)][u] = n }

// raise takes over what others know of. Neither side ever counts too much, so the larger figure is nearer to the truth.
func (s *Spent) raise(known *Spent) {
	for i := range s {
		s[i] = s[i].Max(known[i])
	}
}

// add counts in all spans.
func (s *Spent) add(more unit.Amounts) {
	for i := range s {
		s[i] = s[i].Add(more)
	}
}

// Use is how much of its limits somebody uses. Costs are in nano-USD.
type Use struct {
	InFlight, Queued int
	Reserved         unit.Amounts
	Spent            Spent
	// Slid is what was used in windows that slide, as far as anybody counts.
	Slid []Slid
	// Ends are when the spans of the calendar do; zero for all time.
	Ends [calendars]time.Time
}

// Slid is what was used of a unit in a window that slides.
type Slid struct {
	Unit   unit.Unit
	Window Window
	N      int64
}

// In gives what was used of a unit in a window.
func (u *Use) In(of unit.Unit, w Window) int64 {
	if !w.Slides() {
		return u.Spent.In(of, w)
	}
	for _, s := range u.Slid {
		if s.Unit == of && s.Window == w {
			return s.N
		}
	}
	return 0
}

// End is when a span of the calendar ends; zero for all time, and for a window that slides.
func (u *Use) End(w Window) time.Time {
	if w.Slides() {
		return time.Time{}
	}
	return u.Ends[index(w)]
}

// Use tells what the holder with this id uses now.
func (g *Gate) Use(id string) Use {
	b, now := g.book(id), g.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(now.calendar)
	u := Use{InFlight: len(b.inside), Queued: len(b.waiting), Spent: b.spent, Reserved: b.reserved, Ends: now.calendar.ends}
	for _, s := range b.slides {
		u.Slid = append(u.Slid, Slid{s.unit, s.window, s.count(now.elapsed)})
	}
	return u
}

// UseOn tells what somebody uses on all nodes; on this one where nothing limits it, or others cannot be asked.
func (g *Gate) UseOn(ctx context.Context, h Holder) Use {
	return (*g.counting.Load()).use(ctx, h, g.Use(h.ID))
}

// Set says what was used of what a rule counts.
func (u *Use) Set(r Rule, n int64) {
	if !r.Window.Slides() {
		u.Spent.Set(r.Unit, r.Window, n)
		return
	}
	u.Slid = append(u.Slid, Slid{r.Unit, r.Window, n})
}

// SetEnd says when a span of the calendar ends.
func (u *Use) SetEnd(w Window, at time.Time) { u.Ends[index(w)] = at }
