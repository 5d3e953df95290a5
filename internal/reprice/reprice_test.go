package reprice_test

import (
	"testing"
	"time"

	"crs/internal/pricing"
	"crs/internal/reprice"
	"crs/internal/usage"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// prices have one model: $10 for a million tokens in, $20 out.
func prices(t *testing.T) *reprice.Prices {
	t.Helper()
	read, err := pricing.Parse([]byte(`{"m": {"input_cost_per_token": 1e-05, "output_cost_per_token": 2e-05, "litellm_provider": "openai"}}`), pricing.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return &reprice.Prices{Table: read.Table, Charge: func(_ string, cost int64) int64 { return 3 * cost }}
}

// record has 100 tokens in and 10 out: 100 × 10,000 + 10 × 20,000 = 1,200,000 nano-dollars.
func record(change func(*usage.Record)) *usage.Record {
	r := &usage.Record{ID: "r", At: noon, Total: time.Second, Key: "k", Account: "a", Model: "m", Source: usage.Upstream, Tokens: usage.Tokens{Input: 100, Output: 10}}
	change(r)
	return r
}

func TestARecordIsPricedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*usage.Record)
		want   reprice.Priced
	}{
		"the ratio of what was charged stays":  {func(r *usage.Record) { r.Cost, r.Charged = 1000, 500 }, reprice.Priced{Cost: 1_200_000, Charged: 600_000}},
		"a ratio is rounded half up":           {func(r *usage.Record) { r.Cost, r.Charged = 7, 2 }, reprice.Priced{Cost: 1_200_000, Charged: 342_857}},
		"one that was charged nothing":         {func(r *usage.Record) { r.Cost = 1000 }, reprice.Priced{Cost: 1_200_000}},
		"one that had no price":                {func(r *usage.Record) { r.Unpriced = true }, reprice.Priced{Cost: 1_200_000, Charged: 3_600_000}},
		"one that was charged as a dearer one": {func(r *usage.Record) { r.Unpriced, r.Cost, r.Charged = true, 7, 1_000_000 }, reprice.Priced{Cost: 1_200_000, Charged: 3_600_000}},
		"one that has no price now":            {func(r *usage.Record) { r.Model, r.Cost, r.Charged = "n", 5, 6 }, reprice.Priced{Cost: 5, Charged: 6, Unpriced: true}},
		"the model that was asked upstream":    {func(r *usage.Record) { r.Model, r.Upstream = "n", "m" }, reprice.Priced{Cost: 1_200_000, Charged: 3_600_000}},
		"the one that was asked for":           {func(r *usage.Record) { r.Upstream = "deployment" }, reprice.Priced{Cost: 1_200_000, Charged: 3_600_000}},
		"one that was refused":                 {func(r *usage.Record) { r.Unbilled, r.Cost, r.Charged = true, 10, 10 }, reprice.Priced{}},
		"a tier that an older version did not keep": {func(r *usage.Record) {
			r.Cost, r.Charged, r.Raw = 9, 9, []byte(`{"service_tier":"priority"}`)
		}, reprice.Priced{Cost: 9, Charged: 9}},
		"a negative cost": {func(r *usage.Record) { r.Model, r.Cost, r.Charged = "n", -5, -6 }, reprice.Priced{Unpriced: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := prices(t).Of(record(c.change)); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// sum is what one record of the test is in the roll-ups.
func sum(requests int64) usage.Sum {
	return usage.Sum{
		Hour: noon, Day: "2026-11-23", Key: "k", Account: "a", Model: "m", Requests: requests,
		Tokens: usage.Tokens{Input: 100 * requests, Output: 10 * requests}, Cost: 1000 * requests, Charged: 500 * requests,
	}
}

func TestOnlyARowThatTheRecordsCoverIsCorrected(t *testing.T) {
	t.Parallel()
	cells := reprice.NewCells(prices(t), time.UTC)
	for range 2 {
		cells.Take(record(func(r *usage.Record) { r.Cost, r.Charged = 1000, 500 }))
	}
	cells.Take(record(func(r *usage.Record) { r.Account = "" }))

	whole := sum(2)
	if got := cells.Row(&whole); !got.Moves() || got.Cost != 2_400_000 || got.Charged != 1_200_000 || got.Was != whole {
		t.Errorf("a row that is covered: %+v", got)
	}
	right := sum(2)
	right.Cost, right.Charged = 2_400_000, 1_200_000
	if got := cells.Row(&right); got.Moves() || got.Left != "" {
		t.Errorf("a row that is right: %+v", got)
	}
	for name, c := range map[string]struct {
		change func(*usage.Sum)
		want   reprice.Left
	}{
		"more requests":   {func(s *usage.Sum) { s.Requests++ }, reprice.Differs},
		"fewer requests":  {func(s *usage.Sum) { s.Requests-- }, reprice.Differs},
		"other tokens":    {func(s *usage.Sum) { s.Tokens.CacheRead++ }, reprice.Differs},
		"another hour":    {func(s *usage.Sum) { s.Hour = noon.Add(time.Hour) }, reprice.NoRecords},
		"another day":     {func(s *usage.Sum) { s.Day = "2026-11-24" }, reprice.NoRecords},
		"another account": {func(s *usage.Sum) { s.Account = "b" }, reprice.NoRecords},
		"no account":      {func(s *usage.Sum) { s.Account = "" }, ""},
	} {
		s := sum(2)
		c.change(&s)
		if got := cells.Row(&s); got.Left != c.want || got.Moves() || got.Cost != s.Cost {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
