package command

import (
	"fmt"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"crs/ctl"
	"crs/ctl/when"
)

// Count writes a number with commas.
func Count(n int64) string { return humanize.Comma(n) }

// Cost writes money so that it lines up under other money: with four decimals.
func Cost(m ctl.USD) string {
	const unit = 100_000 // nano-dollars in the last decimal
	if m > 0 && m < unit {
		return "<$0.0001"
	}
	rounded := (int64(m) + unit/2) / unit
	return fmt.Sprintf("$%s.%04d", humanize.Comma(rounded/10_000), rounded%10_000)
}

// Took writes a time in milliseconds.
func Took(ms int64) string {
	switch d := time.Duration(ms) * time.Millisecond; {
	case d < time.Second:
		return strconv.FormatInt(ms, 10) + "ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	default:
		return d.Round(time.Second).String()
	}
}

// Ago writes how long a moment is past; "" for none.
func (a *App) Ago(at *time.Time) string {
	if at == nil {
		return ""
	}
	return humanize.RelTime(*at, a.IO.Now(), "ago", "from now")
}

// Until writes a moment to come, with how far it is; "" for none.
func (a *App) Until(at *time.Time) string {
	if at == nil {
		return ""
	}
	return when.Until(*at, a.IO.Now())
}

// Moment writes a time of today as the time only.
func (a *App) Moment(at time.Time) string { return when.Moment(at, a.IO.Now()) }

// Only is a text that is said only where something holds.
func Only(holds bool, text string) string {
	if holds {
		return text
	}
	return ""
}

// Bound writes a limit; "" for none.
func Bound[T int | int64](n T) string { return Only(n != 0, Count(int64(n))) }

// Budget writes a limit in money; "" for none.
func Budget(m ctl.USD) string { return Only(m != 0, m.String()) }

// Because adds a reason, if there is one.
func Because(why string) string { return Only(why != "", ": "+why) }

// Plural writes how many there are of something.
func Plural(n int, what string) string { return strconv.Itoa(n) + " " + what + Only(n != 1, "s") }
