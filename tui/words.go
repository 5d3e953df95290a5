package tui

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"crs/ctl"
	"crs/tui/draw"
)

// short writes a number in at most five characters.
func short(n float64) string {
	for _, unit := range []string{"", "K", "M", "G", "T"} {
		if n < 999.5 || unit == "T" {
			if n < 9.95 && unit != "" {
				return strconv.FormatFloat(n, 'f', 1, 64) + unit
			}
			return strconv.FormatFloat(n, 'f', 0, 64) + unit
		}
		n /= 1000
	}
	return ""
}

// bytes writes a size.
func bytes(n float64) string { return short(n) + word(n < 1000, "B") }

// whole writes a number with commas.
func whole(n int64) string { return humanize.Comma(n) }

// lasts writes a duration in at most six characters.
func lasts(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < 10*time.Minute:
		return fmt.Sprintf("%dm%02d", int(d.Minutes()), int(d.Seconds())%60)
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02d", int(d.Hours()), int(d.Minutes())%60)
	}
	return strconv.Itoa(int(d.Hours()/24)) + "d"
}

// took writes milliseconds; "" for none.
func took(ms int64) string {
	switch {
	case ms <= 0:
		return ""
	case ms < 1000:
		return strconv.FormatInt(ms, 10) + "ms"
	case ms < 60_000:
		return strconv.FormatFloat(float64(ms)/1000, 'f', 1, 64) + "s"
	}
	return lasts(time.Duration(ms) * time.Millisecond)
}

// money writes an amount with as many decimals as people want to see of it.
func money(m ctl.USD) string {
	dollars := float64(m) / 1e9
	switch {
	case m == 0:
		return "$0"
	case dollars < 0.01:
		return "<$0.01"
	case dollars < 1000:
		return "$" + strconv.FormatFloat(dollars, 'f', 2, 64)
	}
	return "$" + whole(int64(dollars+0.5))
}

// clock writes a moment: the time alone when it is of the same day as now.
func clock(at, now time.Time) string {
	at = at.In(now.Location())
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return at.Format(time.TimeOnly)
	}
	return at.Format("01-02 15:04")
}

// until writes a moment to come, with how far it is; "" for none.
func until(at *time.Time, now time.Time) string {
	if at == nil {
		return ""
	}
	if left := at.Sub(now); left > 0 {
		return clock(*at, now) + " (in " + lasts(left) + ")"
	}
	return clock(*at, now) + " (over)"
}

// ago writes how long a moment is past; "" for none.
func ago(at *time.Time, now time.Time) string {
	if at == nil {
		return ""
	}
	return lasts(now.Sub(*at)) + " ago"
}

// plural writes how many there are of something.
func plural(n int, what string) string { return strconv.Itoa(n) + " " + what + word(n != 1, "s") }

// sentence is an error with its hint, as people are told it.
func sentence(err error) string {
	text := err.Error()
	var e *ctl.Error
	if errors.As(err, &e) && e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return draw.Clean(text)
}

// word is a text that is said only where something holds.
func word(holds bool, text string) string {
	if holds {
		return text
	}
	return ""
}
