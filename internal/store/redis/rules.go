package redis

import (
	"slices"

	"crs/internal/limit"
	"crs/internal/unit"
)

// rules are limits as scripts read them.
func rules(list []limit.Rule) []any {
	args := make([]any, 0, 1+5*len(list))
	args = append(args, len(list))
	for _, r := range list {
		if r.Window.Slides() {
			step, kept := r.Window.Steps()
			args = append(args, r.Unit.Letter(), int64(r.Window), step, kept, r.Max)
		} else {
			args = append(args, r.Unit.Letter(), r.Window.String(), 0, 0, r.Max)
		}
	}
	return args
}

// spans are the spans of the calendar around now, for scripts: which of them it is, Redis' clock decides.
func (n *Node) spans() []any {
	all := limit.Spans(n.opt.Now(), n.opt.Zone)
	args := make([]any, 0, 1+5*len(all))
	args = append(args, len(all))
	for _, s := range all {
		args = append(args, s.Window.String())
		for _, t := range s.Begins {
			args = append(args, t.Unix())
		}
	}
	return args
}

// told are the limits of the calendar that a budget always has: those that are shown whether they limit or not.
func told() []limit.Rule {
	return []limit.Rule{limit.Per(unit.Cost, limit.Day, 0), limit.Per(unit.Cost, limit.Week, 0), limit.Per(unit.Cost, limit.Total, 0)}
}

// asked are the limits whose use is told. Those of the calendar are counted only where one of them limits: what there is besides is from
// before the key had none.
func asked(l *limit.Limits) []limit.Rule {
	if !l.Budgeted() {
		return l.Rules
	}
	all := told()
	for _, r := range l.Rules {
		if !slices.ContainsFunc(all, r.Same) {
			all = append(all, r)
		}
	}
	return all
}

// budgets are those of the calendar: what a budget must have.
func budgets(l *limit.Limits) []limit.Rule {
	return slices.DeleteFunc(asked(l), func(r limit.Rule) bool { return r.Window.Slides() })
}

// sliding are the limits of windows that slide.
func sliding(l *limit.Limits) []limit.Rule {
	return slices.DeleteFunc(slices.Clone(l.Rules), func(r limit.Rule) bool { return !r.Window.Slides() })
}

// slides reports whether something of a unit is counted in a window that slides.
func slides(l *limit.Limits, u unit.Unit) bool {
	return slices.ContainsFunc(l.Rules, func(r limit.Rule) bool { return r.Unit == u && r.Window.Slides() })
}

// amounts are those that are not zero, as scripts read them: the letter of each unit and how much.
func amounts(of unit.Amounts) []any {
	var args []any
	for u, n := range of {
		if n != 0 {
			args = append(args, unit.Unit(u).Letter(), n)
		}
	}
	return args
}
