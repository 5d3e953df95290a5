package openai

import (
	"strconv"
	"strings"
	"time"

	"crs/proxyengine/provider"
)

// wait is how long the upstream asks to wait, in its head or its message; zero when it does not say.
func wait(h provider.Header, message string) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("retry-after-ms"), 64); err == nil && ms > 0 && ms < 1e10 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	if d := provider.RetryAfter(h); d > 0 {
		return d
	}
	if d := tryAgainIn(message); d > 0 {
		return d
	}
	var longest time.Duration
	for _, what := range [...]string{"requests", "tokens"} {
		if h.Get("x-ratelimit-remaining-"+what) != "0" {
			continue
		}
		if d, err := time.ParseDuration(h.Get("x-ratelimit-reset-" + what)); err == nil {
			longest = max(longest, d)
		}
	}
	return longest
}

// NothingLeft reports whether the head says that no more requests may be made for now, however small.
func NothingLeft(h provider.Header) bool { return h.Get("x-ratelimit-remaining-requests") == "0" }

// tryAgainIn reads "Please try again in 1.2s.", 6m0s, 28ms, 20 seconds; Azure says "retry after 20 seconds".
func tryAgainIn(message string) time.Duration {
	message = strings.ToLower(message)
	_, rest, found := strings.Cut(message, "try again in ")
	if !found {
		_, rest, _ = strings.Cut(message, "retry after ")
	}
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	if d, err := time.ParseDuration(strings.TrimRight(words[0], ".,;")); err == nil {
		return max(d, 0)
	}
	n, err := strconv.ParseFloat(words[0], 64)
	if err != nil || len(words) < 2 || n < 0 || n > 1e6 {
		return 0
	}
	for _, unit := range [...]struct {
		word string
		is   time.Duration
	}{{"ms", time.Millisecond}, {"millisecond", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}, {"d", 24 * time.Hour}} {
		if strings.HasPrefix(words[1], unit.word) {
			return time.Duration(n * float64(unit.is))
		}
	}
	return 0
}
