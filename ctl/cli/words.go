package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"crs/ctl"
	"crs/ctl/when"
)

// count writes a number with commas.
func count(n int64) string { return humanize.Comma(n) }

// cost writes money so that it lines up under other money: with four decimals.
func cost(m ctl.USD) string {
	const unit = 100_000 // nano-dollars in the last decimal
	if m > 0 && m < unit {
		return "<$0.0001"
	}
	rounded := (int64(m) + unit/2) / unit
	return fmt.Sprintf("$%s.%04d", humanize.Comma(rounded/10_000), rounded%10_000)
}

// took writes a time in milliseconds.
func took(ms int64) string {
	switch d := time.Duration(ms) * time.Millisecond; {
	case d < time.Second:
		return strconv.FormatInt(ms, 10) + "ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	default:
		return d.Round(time.Second).String()
	}
}

// ago writes how long a moment is past; "" for none.
func (a *app) ago(at *time.Time) string {
	if at == nil {
		return ""
	}
	return humanize.RelTime(*at, a.io.Now(), "ago", "from now")
}

// until writes a moment to come, with how far it is; "" for none.
func (a *app) until(at *time.Time) string {
	if at == nil {
		return ""
	}
	return when.Until(*at, a.io.Now())
}

// moment writes a time of today as the time only.
func (a *app) moment(at time.Time) string { return when.Moment(at, a.io.Now()) }

// bound writes a limit; "" for none.
func bound[T int | int64](n T) string {
	if n == 0 {
		return ""
	}
	return count(int64(n))
}

// budget writes a limit in money; "" for none.
func budget(m ctl.USD) string {
	if m == 0 {
		return ""
	}
	return m.String()
}

// because adds a reason, if there is one.
func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// plural writes how many there are of something.
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
