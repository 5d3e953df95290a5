package simulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"crs/lab/simulator/provider"
)

// assign reads text as what target points to.
func assign(target any, text string) (err error) {
	switch t := target.(type) {
	case *string:
		*t = text
	case *int:
		*t, err = parseCount(text)
	case *provider.ByteSize:
		*t, err = parseSize(text)
	case *time.Duration:
		*t, err = parseDuration(text)
	case *float64:
		*t, err = parseShare(text)
	case *provider.Figure:
		t.Given = true
		var n int
		n, err = parseCount(text)
		t.N = int64(n)
	}
	return err
}

// most is the largest number a script may say: enough for any test, and no sum of them overflows.
const most = 1 << 30

func parseCount(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%q is not a number from 0 to %d", text, most)
	}
	return n, nil
}

func parseSize(text string) (provider.ByteSize, error) {
	digits, unit := text, 1
	if d, ok := strings.CutSuffix(text, "KB"); ok {
		digits, unit = d, 1<<10
	}
	if d, ok := strings.CutSuffix(text, "MB"); ok {
		digits, unit = d, 1<<20
	}
	n, err := parseCount(digits)
	if err != nil || n > most/unit {
		return 0, fmt.Errorf("%q is not a size such as 100, 64KB or 4MB", text)
	}
	return provider.ByteSize(n * unit), nil
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration such as 20ms, 3s or 30m", text)
	}
	return d, nil
}

func parseShare(text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= 100) {
		return 0, fmt.Errorf("%q is not a share such as 0.97", text)
	}
	return f, nil
}
