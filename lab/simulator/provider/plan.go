package provider

import (
	"math"
	"time"
)

// Plan is how much of a subscription is used.
type Plan struct {
	Status string
	Claim  string    // the window that decides
	Reset  time.Time // of that window
	Five   Window
	Seven  Window
	Extra  Window // of one model family
	Family string // which, "" is none
}

// Window is one of the plan's windows.
type Window struct {
	Status string
	Reset  time.Time
	Used   float64
}

// Utilization of a subscription by default, different from each other and far from any limit.
const (
	FiveHourUsed = 0.21
	sevenDayUsed = 0.43
	warnAt       = 0.9
)

// PlanOf is the state of a subscription that may go on.
func PlanOf(now time.Time, st *Step) Plan {
	five, seven := st.FiveHour, st.SevenDay
	if five == 0 {
		five = FiveHourUsed
	}
	if seven == 0 {
		seven = sevenDayUsed
	}
	p := Plan{
		Claim: "five_hour",
		Five:  Window{allowance(five), now.Truncate(time.Hour).Add(5 * time.Hour), five},
		Seven: Window{allowance(seven), now.Truncate(24 * time.Hour).Add(7 * 24 * time.Hour), seven},
	}
	p.Status, p.Reset = p.Five.Status, p.Five.Reset
	if seven >= warnAt && seven > five {
		p.Claim, p.Status, p.Reset = "seven_day", p.Seven.Status, p.Seven.Reset
	}
	return p
}

func allowance(used float64) string {
	if used >= warnAt {
		return "allowed_warning"
	}
	return "allowed"
}

// SpentWindow is one that is used up until it resets.
func SpentWindow(reset time.Time) Window { return Window{"rejected", reset, 1} }

// Percent is the utilization as a percentage, without what multiplying adds.
func (w Window) Percent() float64 { return math.Round(w.Used*1e6) / 1e4 }
