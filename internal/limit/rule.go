package limit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"crs/internal/unit"
)

// Rule is one limit: at most Max of a unit in a window. Costs are in nano-USD.
type Rule struct {
	Unit   unit.Unit
	Window Window
	Max    int64
}

// Per makes a rule.
func Per(u unit.Unit, w Window, most int64) Rule { return Rule{Unit: u, Window: w, Max: most} }

// ParseRule reads what a rule counts, such as cost/month.
func ParseRule(text string) (Rule, error) {
	name, window, found := strings.Cut(text, "/")
	if !found {
		return Rule{}, fmt.Errorf("%q is not UNIT/WINDOW, such as cost/month or requests/5h", text)
	}
	u, known := unit.Named(name)
	if !known {
		return Rule{}, fmt.Errorf("%q is no unit of a limit: %s", name, unitNames())
	}
	w, err := ParseWindow(window)
	return Rule{Unit: u, Window: w}, err
}

func unitNames() string {
	var names []string
	for _, u := range unit.All() {
		names = append(names, u.String())
	}
	return strings.Join(names, ", ")
}

// String is what it counts, as ParseRule reads it.
func (r Rule) String() string { return r.Unit.String() + "/" + r.Window.String() }

// Same reports whether two rules count the same.
func (r Rule) Same(o Rule) bool { return r.Unit == o.Unit && r.Window == o.Window }

// Limits are what somebody may use. What is zero does not limit.
type Limits struct {
	// Rules are in their order, each about something else, and above zero. Set keeps them so.
	Rules       []Rule
	Concurrency int
	// Queue is how many requests may wait for a free slot, QueueWait how long each may.
	Queue     int
	QueueWait time.Duration
}

// Limited reports whether requests must be counted before they are let in.
func (l *Limits) Limited() bool { return l.Concurrency > 0 || len(l.Rules) > 0 }

// Budgeted reports whether there is a limit to what is used within a span of the calendar.
func (l *Limits) Budgeted() bool {
	return slices.ContainsFunc(l.Rules, func(r Rule) bool { return !r.Window.Slides() })
}

// Limits reports whether there is any limit to how much of a unit may be used.
func (l *Limits) Limits(u unit.Unit) bool {
	return slices.ContainsFunc(l.Rules, func(r Rule) bool { return r.Unit == u })
}

// Max gives how much of a unit may be used in a window; zero where nothing limits it.
func (l *Limits) Max(u unit.Unit, w Window) int64 {
	for i := range l.Rules {
		if r := &l.Rules[i]; r.Unit == u && r.Window == w {
			return r.Max
		}
	}
	return 0
}

// Set has a rule in the place of the one about the same, or takes that away where its Max is zero. The list that was is left as it is.
func (l *Limits) Set(r Rule) {
	rules := slices.DeleteFunc(slices.Clone(l.Rules), r.Same)
	if r.Max != 0 {
		rules = append(rules, r)
	}
	slices.SortFunc(rules, order)
	l.Rules = rules
}

// order has the shorter windows of each unit first, and those that slide before the calendar's.
func order(a, b Rule) int {
	rank := func(w Window) int64 {
		if w.Slides() {
			return int64(w)
		}
		return int64(Longest/time.Second) - int64(w)
	}
	return cmp.Or(cmp.Compare(a.Unit, b.Unit), cmp.Compare(rank(a.Window), rank(b.Window)))
}

// MostRules is how many rules somebody may have: each is looked at for every request.
const MostRules = 32

// Validate finds what makes no sense.
func (l *Limits) Validate() error {
	for _, n := range []struct {
		what  string
		value int64
	}{{"concurrency", int64(l.Concurrency)}, {"queue length", int64(l.Queue)}, {"queue wait", int64(l.QueueWait)}} {
		if n.value < 0 {
			return fmt.Errorf("the %s is negative", n.what)
		}
	}
	for _, r := range l.Rules {
		if r.Max < 0 {
			return fmt.Errorf("the limit %s is negative", r)
		}
	}
	switch {
	case l.Queue > 0 && l.Concurrency == 0:
		return fmt.Errorf("a queue needs a concurrency limit to wait for")
	case len(l.Rules) > MostRules:
		return fmt.Errorf("there are %d limits, and at most %d can be counted", len(l.Rules), MostRules)
	}
	return nil
}

// Holder is somebody whose limits count: a key.
type Holder struct {
	ID     string
	Limits *Limits
}
