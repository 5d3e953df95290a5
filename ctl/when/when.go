// Package when writes moments and durations as people read them.
package when

import (
	"fmt"
	"time"

	"crs/internal/config"
)

// Moment writes a time of now's day as the time only, in now's zone.
func Moment(at, now time.Time) string {
	at = at.In(now.Location())
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return at.Format(time.TimeOnly)
	}
	return at.Format("2006-01-02 15:04")
}

// Until writes a moment to come, with how far it is; "" for the zero time.
func Until(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	left := at.Sub(now)
	if left <= 0 {
		return Moment(at, now) + " (over)"
	}
	return fmt.Sprintf("%s (in %s)", Moment(at, now), Rough(left))
}

// Rough writes a duration in its two largest units at most.
func Rough(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		d = d.Truncate(24 * time.Hour)
	case d >= time.Hour:
		d = d.Round(time.Minute)
	default:
		d = d.Round(time.Second)
	}
	return config.FormatDuration(d)
}
