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
		if !r.Window.Slides() && b.Use.Spent.In(r.Unit, r.Window) >= r.Max {
			all = append(all, Found{
				name, fmt.Sprintf("key %s has spent its %s %s", name, amountOf(r), spanOf(r.Window)),
				fmt.Sprintf("give it more: crs key edit %s %s", ctl.ShellWord(name), key.Flag(r)),
			})
		}
	}
	return all
}

func amountOf(r limit.Rule) string {
	if r.Unit.Money() {
		return ctl.USD(r.Max).String()
	}
	return fmt.Sprintf("%d %s", r.Max, r.Unit)
}

func spanOf(w limit.Window) string {
	if w == limit.Total {
		return w.Now()
	}
	return "for " + w.Now()
}
