package redis_test

import (
	"context"
	"testing"
	"time"

	"crs/internal/limit"
	"crs/internal/store/redis"
	"crs/internal/unit"
)

// TestABudgetIsAmendedOnce: by what was charged more or less some time ago, however often it is told, and counted anew where nobody knows
// whether it was.
func TestABudgetIsAmendedOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		n := join(t, connect(t, url), func(o *redis.NodeOptions) {
			o.Spent = func(context.Context, time.Time, limit.Window) (map[string]limit.Spent, error) {
				return map[string]limit.Spent{"key_k": costs(2*dollar, 3*dollar, 4*dollar)}, nil
			}
			o.Late = func(context.Context, time.Time, time.Duration) (map[string][]limit.Past, error) {
				return map[string][]limit.Past{"key_k": {{Age: time.Minute, Used: unit.Amounts{unit.Cost: dollar}}}}, nil
			}
		})
		p := policy(0)
		p.Limits.Rules = []limit.Rule{limit.Per(unit.Cost, 5*3600, 100*dollar), limit.Per(unit.Cost, limit.Day, 100*dollar)}
		a := ask(p)
		h := a.Holders[0]
		g := shared(n).Gate
		want := func(what string, window, day, total int64) {
			t.Helper()
			u := g.UseOn(t.Context(), h)
			if got := [3]int64{u.In(unit.Cost, 5*3600), u.In(unit.Cost, limit.Day), u.In(unit.Cost, limit.Total)}; got != [3]int64{window * dollar, day * dollar, total * dollar} {
				t.Errorf("%s: %v", what, got)
			}
		}
		done := admit(t, g, a)
		done.Settle(unit.Amounts{})
		done.Release()
		want("before", 1, 2, 4)
		now := time.Now().UTC()
		old := now.AddDate(0, 0, -40)
		of := func(at time.Time, n int64) limit.Amendment {
			return limit.Amendment{Holder: h.ID, Day: at.Format(time.DateOnly), Hour: at.Truncate(time.Hour), Charged: n * dollar}
		}
		for range 2 {
			if err := n.Amend(t.Context(), h, "fix_1", []limit.Amendment{of(now, 5), of(old, 7)}); err != nil {
				t.Fatal(err)
			}
		}
		want("more", 6, 7, 16)
		if err := n.Amend(t.Context(), h, "fix_2", []limit.Amendment{of(now, -6), of(old, -100)}); err != nil {
			t.Fatal(err)
		}
		want("less", 0, 1, 0)
		if err := n.Recount(t.Context(), h); err != nil {
			t.Fatal(err)
		}
		want("counted anew", 1, 2, 4)
	})
}
