package admin

import (
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/config"
)

// span is a stretch of time as a person asked for it. Days are set when it begins and ends at midnights, so that it can
// be answered from days, which are kept for good.
type span struct {
	since, until      time.Time // until is zero for now
	firstDay, lastDay string
}

// readSpan reads since and until: 24h, 7d, today, yesterday, 2026-11-23, or a moment.
func readSpan(since, until string, now time.Time, zone *time.Location) (span, error) {
	var s span
	from, fromDay, err := readWhen(since, now, zone)
	if err != nil {
		return s, err
	}
	s.since = from
	toDay := true
	if until != "" {
		if s.until, toDay, err = readWhen(until, now, zone); err != nil {
			return s, err
		}
		if toDay && isDay(until) { // a day that is named is meant with all of its hours
			s.until = s.until.AddDate(0, 0, 1)
		}
		if !s.until.After(s.since) {
			return s, ctl.Errorf(ctl.BadRequest, "until %s is not after since %s", until, since)
		}
	}
	if fromDay && toDay {
		s.firstDay = s.since.In(zone).Format(time.DateOnly)
		if !s.until.IsZero() {
			s.lastDay = s.until.Add(-time.Second).In(zone).Format(time.DateOnly)
		}
	}
	return s, nil
}

func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil || text == "today" || text == "yesterday"
}

// readWhen gives a moment, and whether it is a midnight.
func readWhen(text string, now time.Time, zone *time.Location) (at time.Time, midnight bool, err error) {
	local := now.In(zone)
	today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	switch text {
	case "":
		return now.Add(-24 * time.Hour), false, nil
	case "all":
		return time.Date(2020, 1, 1, 0, 0, 0, 0, zone), true, nil
	case "today":
		return today, true, nil
	case "yesterday":
		return today.AddDate(0, 0, -1), true, nil
	}
	if at, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return at, true, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, false, nil
	}
	if d, err := config.ParseDuration(strings.TrimPrefix(text, "-")); err == nil && d > 0 {
		return now.Add(-d), false, nil
	}
	return at, false, ctl.Errorf(ctl.BadRequest, "%q is no time", text).
		WithHint("say how long ago (90m, 24h, 7d), today, yesterday, all, a day (2026-11-23) or a moment (2026-11-23T10:00:00Z)")
}
