package limit

import (
	"time"

	"crs/internal/usage"
)

// calendar is when the spans around a moment began and end. It does not change.
type calendar struct {
	begins, ends [calendars]time.Time // zero for all time
}

// calendarAt is the calendar around a moment, in the operator's time zone. Weeks begin on Monday.
func calendarAt(now time.Time, zone *time.Location) *calendar {
	c := new(calendar)
	day := dayOf(now, zone)
	for i := range spans {
		if s := &spans[i]; s.begin != nil {
			c.begins[i] = s.begin(day)
			c.ends[i] = s.next(c.begins[i])
		}
	}
	return c
}

func dayOf(now time.Time, zone *time.Location) time.Time {
	local := now.In(zone)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
}

// holds reports whether all its spans still last: each ends with a day.
func (c *calendar) holds(now time.Time) bool {
	return !now.Before(c.begins[index(Day)]) && now.Before(c.ends[index(Day)])
}

// days gives the day that each span around now began on, in the order of Spent, as the store's roll-ups name them; "" for all time, and
// a day that never comes for spans that are longer than the furthest.
func days(now time.Time, zone *time.Location, furthest Window) []string {
	c := calendarAt(now, zone)
	days := make([]string, calendars)
	for i, begin := range c.begins {
		switch {
		case begin.IsZero():
		case i > index(furthest):
			days[i] = usage.Never
		default:
			days[i] = begin.Format(time.DateOnly)
		}
	}
	return days
}

// Span is one of the calendar, and when those around a moment begin: from the one before it on.
type Span struct {
	Window Window
	Begins [4]time.Time
}

// Spans are all that end.
func Spans(now time.Time, zone *time.Location) []Span {
	c := calendarAt(now, zone)
	var all []Span
	for i := range spans {
		s := &spans[i]
		if s.begin == nil {
			continue
		}
		before := s.begin(c.begins[i].AddDate(0, 0, -1))
		all = append(all, Span{Day - Window(i), [4]time.Time{before, c.begins[i], c.ends[i], s.next(c.ends[i])}})
	}
	return all
}
