package limit_test

import (
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/unit"
)

// TestBudgetsAreAmended: by what was charged more or less in an hour, in each span and window that the hour is in, and never below nothing.
func TestBudgetsAreAmended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))) // a Wednesday
		g := limit.NewGate(time.Now, time.UTC, nil)
		rules := []limit.Rule{limit.Per(unit.Cost, 5*3600, 100*dollar), limit.Per(unit.Cost, limit.Day, 100*dollar)}
		ask := with(key.Policy{Limits: limit.Limits{Rules: rules}})
		p := admit(t, g, ask)
		p.Settle(unit.Amounts{unit.Cost: 10 * dollar})
		p.Release()
		hour := func(h int) time.Time { return time.Date(2026, 11, 25, h, 0, 0, 0, time.UTC) }
		amend := func(day string, hour time.Time, n int64) {
			g.Amend([]limit.Amendment{{Holder: ask.Holders[0].ID, Day: day, Hour: hour, Charged: n * dollar}})
		}
		want := func(what string, window, day, week, total int64) {
			t.Helper()
			u := g.Use(ask.Holders[0].ID)
			got := [4]int64{u.In(unit.Cost, 5*3600), u.In(unit.Cost, limit.Day), u.In(unit.Cost, limit.Week), u.In(unit.Cost, limit.Total)}
			if got != [4]int64{window * dollar, day * dollar, week * dollar, total * dollar} {
				t.Errorf("%s: %v", what, got)
			}
		}
		amend("2026-11-25", hour(11), -4)
		want("less, of today", 6, 6, 6, 6)
		amend("2026-11-24", hour(11).AddDate(0, 0, -1), 3)
		want("more, of yesterday", 6, 6, 9, 9)
		amend("2026-11-22", hour(11).AddDate(0, 0, -3), 5)
		want("more, of last week", 6, 6, 9, 14)
		amend("2026-11-25", hour(3), -5)
		want("less, of an hour that the window has left", 6, 1, 4, 9)
		amend("2026-11-25", hour(3), -50)
		want("less than there was", 6, 0, 0, 0)
	})
}

// TestABudgetThatOthersCountIsLowered: to what was written down, and no further.
func TestABudgetThatOthersCountIsLowered(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, 3600, dollar), limit.Per(unit.Cost, limit.Day, dollar)}}})
		p := admit(t, g, ask)
		p.Settle(unit.Amounts{unit.Cost: 10 * dollar})
		p.Release()
		var known limit.Spent
		known.Set(unit.Cost, limit.Day, 2*dollar)
		known.Set(unit.Cost, limit.Total, 20*dollar)
		g.Lower(map[string]limit.Spent{ask.Holders[0].ID: known})
		u := g.Use(ask.Holders[0].ID)
		if u.In(unit.Cost, limit.Day) != 2*dollar || u.In(unit.Cost, limit.Total) != 10*dollar || u.In(unit.Cost, 3600) != 0 {
			t.Errorf("%+v", u)
		}
	})
}
