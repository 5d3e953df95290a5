package config

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// ParseDuration reads what time.ParseDuration reads, and before it weeks and days of 24 hours: 90d, 1w, 1d12h, 1.5d.
func ParseDuration(text string) (time.Duration, error) {
	days, rest, err := leadingDays(text)
	if err != nil {
		return 0, err
	}
	if rest == "" && text != "" {
		return days, nil
	}
	tail, err := time.ParseDuration(rest)
	if err != nil || (rest != text && tail < 0) || tail > math.MaxInt64-days {
		return 0, fmt.Errorf("%q is not a duration", text)
	}
	return days + tail, nil
}

// leadingDays sums the weeks and days that text begins with and gives what follows them.
func leadingDays(text string) (sum time.Duration, rest string, err error) {
	rest = text
	for {
		i := strings.IndexAny(rest, "dw")
		if i < 0 {
			return sum, rest, nil
		}
		unit := 24
		if rest[i] == 'w' {
			unit = 7 * 24
		}
		part, err := scale(rest[:i], time.Duration(unit))
		if err != nil || part > math.MaxInt64-sum {
			return 0, "", fmt.Errorf("%q is not a duration", text)
		}
		sum, rest = sum+part, rest[i+1:]
	}
}

// scale gives number × hours. Reading the number as hours keeps fractions as exact as Go's own.
func scale(number string, hours time.Duration) (time.Duration, error) {
	if strings.Trim(number, "0123456789.") != "" {
		return 0, fmt.Errorf("%q is not a number", number)
	}
	each, err := time.ParseDuration(number + "h")
	if err != nil || each > math.MaxInt64/hours {
		return 0, fmt.Errorf("%q is not a number", number)
	}
	return each * hours, nil
}

// FormatDuration writes d shortly, as ParseDuration reads it: 90d, 1h, 2m, 1m30s, 250ms.
func FormatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
