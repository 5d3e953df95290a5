package usage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"crs/internal/usage"
)

// table is roll-ups that keep the sums they are given.
type table struct {
	counting
	sums []usage.Sum
}

func (c *table) AddUp(ctx context.Context, node string, sums []usage.Sum, from, to usage.Cursor) error {
	c.sums = append(c.sums, sums...)
	return c.counting.AddUp(ctx, node, sums, from, to)
}

// models are how many requests each key has in the roll-ups, by day and model.
func (c *table) models(key, day string) map[string]int64 {
	n := map[string]int64{}
	for _, s := range c.sums {
		if s.Key == key && s.Day == day {
			n[s.Model] += s.Requests
		}
	}
	return n
}

// TestAKeyCannotMakeARowForEveryNameItInvents: what it asks of models beyond the first hundred of a day is counted together,
// and nothing is lost of it.
func TestAKeyCannotMakeARowForEveryNameItInvents(t *testing.T) {
	t.Parallel()
	rows := new(table)
	l, _, err := usage.OpenLedger(t.Context(), usage.LedgerOptions{
		Dir: t.TempDir(), Node: "n", Rollups: rows, Zone: time.UTC, Now: time.Now, Commit: time.Millisecond, AddUp: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 29, 1, 0, 0, 0, time.UTC)
	ask := func(at time.Time, key, account, model string) {
		r := record(1)
		r.At, r.Key, r.Account, r.Model = at, key, account, model
		l.Close(r)
	}
	for i := range 5000 {
		ask(day.Add(time.Duration(i)*time.Second), "bad", "acc", fmt.Sprint("made-up-", i))
	}
	ask(day, "bad", "acc", "made-up-7")
	ask(day, "good", "acc", "claude-opus-4-8")
	ask(day, "good", "", "never-served")
	ask(day.Add(24*time.Hour), "bad", "acc", "claude-opus-4-8")
	if err := l.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	bad, good, next := rows.models("bad", "2026-11-29"), rows.models("good", "2026-11-29"), rows.models("bad", "2026-11-30")
	if len(bad) != 101 || bad[usage.OtherModel] != 4900 || bad["made-up-7"] != 2 || rows.requests != 5004 {
		t.Errorf("%d models, %d of others, %d in all", len(bad), bad[usage.OtherModel], rows.requests)
	}
	if len(good) != 2 || good["claude-opus-4-8"] != 1 || good[usage.OtherModel] != 1 || len(next) != 1 || next["claude-opus-4-8"] != 1 {
		t.Errorf("another key has %v, the next day %v", good, next)
	}
}
