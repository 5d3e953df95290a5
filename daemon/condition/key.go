package condition

import (
	"fmt"

	"crs/ctl"
	"crs/internal/key"
	"crs/internal/limit"
)

// keyKinds are about single keys.
func keyKinds() []Kind {
	return []Kind{{Code: "key_budget_spent", Severity: ctl.SeverityNote, Find: budgetsSpent}}
}

func budgetsSpent(v *View) []Found {
	var all []Found
	for i := range v.Budgets {
		b := &v.Budgets[i]
		if b.Key.Disabled || b.Key.Deleted() || b.Key.Expired(v.Now) {
			continue
		}
		all = append(all, b.spent()...)
	}
	return all
}

// spent are the budgets of one key that are used up.
func (b *Budget) spent() []Found {
	var all []Found
	name := b.Key.Name
	for _, r := range b.Key.Policy.Limits.Rules {
		if r.Window.Long() && b.Use.In(r.Unit, r.Window) >= r.Max {
			all = append(all, Found{
				name, fmt.Sprintf("key %s has used its %s", name, budgetOf(r)),
				fmt.Sprintf("give it more: crs key edit %s %s", ctl.ShellWord(name), key.Flag(r)),
			})
		}
	}
	return all
}

// budgetOf says what may be used: total budget of $5.00, limit of 300 tokens for this month.
func budgetOf(r limit.Rule) string {
	what := fmt.Sprintf("limit of %d %s", r.Max, r.Unit)
	if r.Unit.Money() {
		what = "budget of " + ctl.USD(r.Max).String()
	}
	switch {
	case r.Window == limit.Total:
		return "total " + what
	case r.Window.Slides():
		return what + " " + r.Window.Now()
	}
	return what + " for " + r.Window.Now()
}
