package limit

import (
	"fmt"
	"strings"
	"time"

	"crs/internal/config"
)

// Window is over what time a limit counts: a number of seconds, which slides, or a span of the calendar. Its numbers are stored by
// nobody.
type Window int64

// Minute slides, as any number of seconds does.
const Minute Window = 60

// The spans of the calendar, in the operator's time zone. They begin and end with a day.
const (
	Day Window = -1 - iota
	Week
	Month
	Quarter
	Total

	beyond // the number behind the last
)

// calendars is how many spans of the calendar there are.
const calendars = int(Day - beyond)

// span is what there is to know of a span of the calendar.
type span struct {
	name      string
	adjective string // of what costs within it
	within    string // behind a number: 5 requests per day
	now       string // what was used in the one that is
	// begin gives when the span that a day is in began; next when the one behind it does. Both are nil for all time.
	begin func(day time.Time) time.Time
	next  func(begin time.Time) time.Time
}

var spans = [calendars]span{
	0:             {"day", "daily", "per day", "today", func(d time.Time) time.Time { return d }, func(b time.Time) time.Time { return b.AddDate(0, 0, 1) }},
	Day - Week:    {"week", "weekly", "per week", "this week", monday, func(b time.Time) time.Time { return b.AddDate(0, 0, 7) }},
	Day - Month:   {"month", "monthly", "per month", "this month", firstOfMonth, func(b time.Time) time.Time { return b.AddDate(0, 1, 0) }},
	Day - Quarter: {"quarter", "quarterly", "per quarter", "this quarter", firstOfQuarter, func(b time.Time) time.Time { return b.AddDate(0, 3, 0) }},
	Day - Total:   {"total", "total", "in total", "in all", nil, nil},
}

func monday(day time.Time) time.Time { return day.AddDate(0, 0, -(int(day.Weekday())+6)%7) }

func firstOfMonth(day time.Time) time.Time { return day.AddDate(0, 0, 1-day.Day()) }

func firstOfQuarter(day time.Time) time.Time {
	return firstOfMonth(day).AddDate(0, -(int(day.Month())-1)%3, 0)
}

// index is where a span of the calendar stands among them.
func index(w Window) int { return int(Day - w) }

// Slides reports whether it is a number of seconds.
func (w Window) Slides() bool { return w > 0 }

// Long reports whether who has used all of a limit waits for it longer than a retry: an hour or more.
func (w Window) Long() bool { return !w.Slides() || w.length() >= time.Hour }

// Longest is the longest window that slides.
const Longest = 90 * 24 * time.Hour

// ParseWindow reads minute, a duration such as 5h, or the name of a span of the calendar.
func ParseWindow(text string) (Window, error) {
	if text == "minute" {
		return Minute, nil
	}
	for i := range spans {
		if spans[i].name == text {
			return Day - Window(i), nil
		}
	}
	d, err := config.ParseDuration(text)
	switch {
	case err != nil || d <= 0:
		return 0, fmt.Errorf("%q is no window: it is minute, a duration such as 5h, %s", text, calendarNames())
	case d%time.Second != 0:
		return 0, fmt.Errorf("the window %s is not whole seconds", text)
	case d > Longest:
		return 0, fmt.Errorf("the window %s is longer than %s", text, config.FormatDuration(Longest))
	}
	return Window(d / time.Second), nil
}

func calendarNames() string {
	var names []string
	for i := range spans {
		names = append(names, spans[i].name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + ", or " + names[last]
}

// Windows are those that have a name.
func Windows() []Window {
	all := []Window{Minute}
	for i := range calendars {
		all = append(all, Day-Window(i))
	}
	return all
}

// String writes it as ParseWindow reads it.
func (w Window) String() string {
	switch {
	case w == Minute:
		return "minute"
	case w.Slides():
		return config.FormatDuration(w.length())
	case w <= beyond:
		return ""
	}
	return spans[index(w)].name
}

// Now says of which time what was used in it is: "today", or "in 5h".
func (w Window) Now() string {
	if w.Slides() {
		return "in " + w.period()
	}
	return spans[index(w)].now
}

func (w Window) length() time.Duration { return time.Duration(w) * time.Second }

// period is how long one that slides is, in words.
func (w Window) period() string {
	if w == Minute {
		return "a minute"
	}
	return w.String()
}

// per is what stands behind a number of things.
func (w Window) per() string {
	if w.Slides() {
		return "per " + w.String()
	}
	return spans[index(w)].within
}
