package claude

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

const (
	unified  = "anthropic-ratelimit-unified-"
	rejected = "rejected"
)

// limits is what the unified rate-limit headers of a subscription say (protocols.md, A.10).
type limits struct {
	status  string
	claim   string // which window stands for the whole
	reset   time.Time
	windows []account.Window
}

func readLimits(h provider.Header) limits {
	var l limits
	for _, f := range h {
		name, ok := strings.CutPrefix(strings.ToLower(f.Name), unified)
		if !ok {
			continue
		}
		switch name {
		case "status":
			l.status = f.Value
		case "reset":
			l.reset = provider.Moment(f.Value)
		case "representative-claim":
			l.claim = f.Value
		default:
			l.window(name, f.Value)
		}
	}
	return l
}

// window takes one field of a window, such as 7d_opus-utilization.
func (l *limits) window(name, value string) {
	label, what, ok := strings.Cut(name, "-")
	if !ok || !strings.HasPrefix(label, "5h") && !strings.HasPrefix(label, "7d") {
		return
	}
	i := slices.IndexFunc(l.windows, func(w account.Window) bool { return w.Name == label })
	if i < 0 {
		i = len(l.windows)
		l.windows = append(l.windows, account.Window{Name: label})
	}
	w := &l.windows[i]
	switch what {
	case "status":
		w.Status = value
	case "reset":
		w.ResetsAt = provider.Moment(value)
	case "utilization":
		if used, err := strconv.ParseFloat(value, 64); err == nil && used >= 0 {
			w.Used = used
		}
	}
}

// latestRejected is when the last of the named windows that is used up begins anew; zero when none is.
func (l *limits) latestRejected(names ...string) time.Time {
	var latest time.Time
	for _, w := range l.windows {
		if w.Status == rejected && slices.Contains(names, w.Name) && w.ResetsAt.After(latest) {
			latest = w.ResetsAt
		}
	}
	return latest
}

// rejectedFamily is the model family whose window alone is used up; "" when there is none.
func (l *limits) rejectedFamily() string {
	for _, w := range l.windows {
		if family, ok := strings.CutPrefix(w.Name, "7d_"); ok && w.Status == rejected {
			return family
		}
	}
	family, _ := strings.CutPrefix(l.claim, "seven_day_")
	if family == l.claim {
		return ""
	}
	return family
}

// Windows implements provider.Provider.
func (*Provider) Windows(h provider.Header, at time.Time) []account.Window {
	return slices.DeleteFunc(readLimits(h).windows, func(w account.Window) bool { return w.ResetsAt.IsZero() || !at.Before(w.ResetsAt) })
}
