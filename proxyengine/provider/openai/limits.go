package openai

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// Windows implements provider.Provider: the gauges of a ChatGPT plan (protocols.md, E.2). API keys have none.
func (*Provider) Windows(h provider.Header, at time.Time) []account.Window {
	return slices.DeleteFunc(readWindows(h, at), func(w account.Window) bool { return !at.Before(w.ResetsAt) })
}

// readWindows gives those of which it is known how much is used and when they begin anew.
func readWindows(h provider.Header, at time.Time) []account.Window {
	var all []account.Window
	for _, which := range [...]string{"primary", "secondary"} {
		prefix := "x-codex-" + which + "-"
		used, err := strconv.ParseFloat(h.Get(prefix+"used-percent"), 64)
		if err != nil || math.IsNaN(used) || math.IsInf(used, 0) || used < 0 {
			continue
		}
		w := account.Window{Name: which, Used: used / 100, ResetsAt: resetOf(h, prefix, at)}
		if minutes, err := strconv.ParseInt(h.Get(prefix+"window-minutes"), 10, 32); err == nil && minutes > 0 {
			w.Name = lengthOf(minutes)
		}
		if !w.ResetsAt.IsZero() {
			all = append(all, w)
		}
	}
	return all
}

// lengthOf names a window by its length: plans differ in which one comes first.
func lengthOf(minutes int64) string {
	switch {
	case minutes%(24*60) == 0:
		return fmt.Sprintf("%dd", minutes/(24*60))
	case minutes%60 == 0:
		return fmt.Sprintf("%dh", minutes/60)
	}
	return fmt.Sprintf("%dm", minutes)
}

// resetOf reads the newer header, or the older one.
func resetOf(h provider.Header, prefix string, at time.Time) time.Time {
	if n, err := strconv.ParseInt(h.Get(prefix+"reset-at"), 10, 64); err == nil && n > 0 && n < 1<<40 {
		return time.Unix(n, 0)
	}
	if n, err := strconv.ParseInt(h.Get(prefix+"reset-after-seconds"), 10, 32); err == nil && n > 0 {
		return at.Add(time.Duration(n) * time.Second)
	}
	return time.Time{}
}

// latestFull is when the last of the windows that are used up begins anew; zero when none is.
func latestFull(windows []account.Window) time.Time {
	var latest time.Time
	for _, w := range windows {
		if w.Used >= 1 && w.ResetsAt.After(latest) {
			latest = w.ResetsAt
		}
	}
	return latest
}
