package condition

import (
	"fmt"

	"crs/ctl"
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
	name, p, spent := b.Key.Name, &b.Key.Policy, &b.Use.Spent
	for _, c := range []struct {
		span, flag  string
		spent, most int64
	}{{"for today", "daily-cost", spent.Day, p.DailyCost}, {"for this week", "weekly-cost", spent.Week, p.WeeklyCost}, {"in all", "total-cost", spent.Total, p.TotalCost}} {
		if c.most > 0 && c.spent >= c.most {
			all = append(all, Found{
				name, fmt.Sprintf("key %s has spent its %s %s", name, ctl.USD(c.most), c.span),
				fmt.Sprintf("give it more: crs key edit %s --%s USD", ctl.ShellWord(name), c.flag),
			})
		}
	}
	return all
}
