package limit

import (
	"context"
	"slices"
	"time"

	"crs/internal/unit"
	"crs/internal/usage"
)

// Rollups say what was used in all that was written down.
type Rollups interface {
	Spent(ctx context.Context, since []string, last string) (map[string][]unit.Amounts, error)
	Recent(ctx context.Context, since time.Time) (map[string]map[usage.Hour]unit.Amounts, error)
}

// Known gives what roll-ups know of the spans of the calendar around now, up to a day, or the one that now is in if that is later. It
// reads of no longer spans than some holder needs, as Furthest says: of longer ones it knows nothing.
func Known(ctx context.Context, from Rollups, now, until time.Time, zone *time.Location, furthest Window) (map[string]Spent, error) {
	last := max(dayOf(now, zone).Format(time.DateOnly), dayOf(until, zone).Format(time.DateOnly))
	rows, err := from.Spent(ctx, days(now, zone, furthest), last)
	if err != nil {
		return nil, err
	}
	all := make(map[string]Spent, len(rows))
	for id, row := range rows {
		all[id] = Spent(row)
	}
	return all, nil
}

// Furthest is the longest span of the calendar, apart from all time, that somebody's limits are about; a week at least, for what is
// used within it is always told.
func Furthest(holders []Holder) Window {
	furthest := Week
	for _, h := range holders {
		for _, r := range h.Limits.Rules {
			if !r.Window.Slides() && r.Window != Total {
				furthest = min(furthest, r.Window) // they count downwards
			}
		}
	}
	return furthest
}

// Late gives what roll-ups know of the time back to so long ago, by holder, for Recall. What was used within an hour counts as late in it
// as it can have been.
func Late(ctx context.Context, from Rollups, now time.Time, back time.Duration) (map[string][]Past, error) {
	hours, err := from.Recent(ctx, now.Add(-back))
	if err != nil {
		return nil, err
	}
	all := map[string][]Past{}
	for id, used := range hours {
		for h, amounts := range used {
			age := max(0, now.Sub(time.Unix(int64(h), 0).Add(time.Hour)))
			all[id] = append(all[id], Past{age, amounts})
		}
	}
	return all, nil
}

// LongestSliding is the longest window that slides of some holders; zero where there is none. Roll-ups know of hours: what was used in
// windows shorter than one they cannot tell.
func LongestSliding(holders []Holder) (longest time.Duration) {
	for _, h := range holders {
		for _, r := range h.Limits.Rules {
			if r.Window.Slides() {
				longest = max(longest, r.Window.length())
			}
		}
	}
	return longest
}

// Full reports an amount that is as high as can be counted, or below nothing, which comes of counting beyond: more was used than it
// says.
func (s *Spent) Full() bool {
	return slices.ContainsFunc(s[:], func(a unit.Amounts) bool { return a.Full() })
}
