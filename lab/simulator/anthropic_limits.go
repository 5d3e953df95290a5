package simulator

import (
	"strconv"
	"time"
)

// plan is what the rate limit fields of a subscription say.
type plan struct {
	status string
	claim  string    // the window that decides
	reset  time.Time // of that window
	five   window
	seven  window
	extra  window // of one model family
	family string // which, "" is none
}

// window is one of the plan's windows.
type window struct {
	status string
	reset  time.Time
	used   float64
}

// Utilization of a subscription by default, different from each other and far from any limit.
const (
	fiveHourUsed = 0.21
	sevenDayUsed = 0.43
	warnAt       = 0.9
)

// planOf is the state of a subscription that may go on.
func planOf(now time.Time, st *step) plan {
	five, seven := st.fiveHour, st.sevenDay
	if five == 0 {
		five = fiveHourUsed
	}
	if seven == 0 {
		seven = sevenDayUsed
	}
	p := plan{
		claim: "five_hour",
		five:  window{allowance(five), now.Truncate(time.Hour).Add(5 * time.Hour), five},
		seven: window{allowance(seven), now.Truncate(24 * time.Hour).Add(7 * 24 * time.Hour), seven},
	}
	p.status, p.reset = p.five.status, p.five.reset
	if seven >= warnAt && seven > five {
		p.claim, p.status, p.reset = "seven_day", p.seven.status, p.seven.reset
	}
	return p
}

func allowance(used float64) string {
	if used >= warnAt {
		return "allowed_warning"
	}
	return "allowed"
}

func (p plan) appendFields(b []byte) []byte {
	b = appendField(b, unified+"status", p.status)
	b = appendField(b, unified+"reset", strconv.FormatInt(p.reset.Unix(), 10))
	b = appendField(b, unified+"representative-claim", p.claim)
	b = p.five.append(b, "5h")
	b = p.seven.append(b, "7d")
	if p.family != "" {
		b = p.extra.append(b, p.family)
	}
	b = appendField(b, unified+"fallback-percentage", "0.5")
	b = appendField(b, unified+"overage-status", "rejected")
	return appendField(b, unified+"overage-disabled-reason", "org_level_disabled")
}

const unified = "anthropic-ratelimit-unified-"

func (w window) append(b []byte, name string) []byte {
	b = appendField(b, unified+name+"-status", w.status)
	b = appendField(b, unified+name+"-reset", strconv.FormatInt(w.reset.Unix(), 10))
	return appendField(b, unified+name+"-utilization", strconv.FormatFloat(w.used, 'f', -1, 64))
}

// appendConsole appends the rate limit fields of an API key.
func appendConsole(b []byte, now time.Time, spent bool) []byte {
	reset := now.Add(time.Minute).UTC().Format(time.RFC3339)
	for _, l := range []struct {
		name        string
		limit, left int
	}{
		{"requests", 4000, 3999},
		{"tokens", 480_000, 479_000},
		{"input-tokens", 400_000, 399_000},
		{"output-tokens", 80_000, 79_000},
	} {
		if spent {
			l.left = 0
		}
		b = appendField(b, "anthropic-ratelimit-"+l.name+"-limit", strconv.Itoa(l.limit))
		b = appendField(b, "anthropic-ratelimit-"+l.name+"-remaining", strconv.Itoa(l.left))
		b = appendField(b, "anthropic-ratelimit-"+l.name+"-reset", reset)
	}
	return b
}
