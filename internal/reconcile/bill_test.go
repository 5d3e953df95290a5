package reconcile_test

import (
	"reflect"
	"testing"
	"time"

	"crs/internal/pricing"
	"crs/internal/reconcile"
	"crs/internal/reprice"
	"crs/internal/usage"
)

// book has two models, small-one at $1 and $2 for a million tokens in and out, large-one at $10 and $20. Accounts on "here" are on the bill.
func book(t *testing.T) *reconcile.Book {
	t.Helper()
	table, err := pricing.ParseOverrides([]byte(`{
		"small-one": {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06, "litellm_provider": "openai"},
		"large-one": {"input_cost_per_token": 1e-05, "output_cost_per_token": 2e-05, "litellm_provider": "openai"}}`))
	if err != nil {
		t.Fatal(err)
	}
	prices := &reprice.Prices{Table: table, Charge: func(_ string, cost int64) int64 { return cost }}
	return reconcile.NewBook(prices, func(r *usage.Record) bool { return r.Platform == "here" })
}

func TestABillIsHeldAgainstRecords(t *testing.T) {
	t.Parallel()
	b := book(t)
	record := func(change func(*usage.Record)) {
		r := &usage.Record{
			At: time.Date(2026, 11, 23, 23, 59, 59, 0, time.UTC), Key: "k", Account: "a", Platform: "here", Model: "small-one", Source: usage.Upstream,
			Tokens: usage.Tokens{Input: 100}, Cost: 90_000,
		}
		change(r)
		b.Take(r)
	}
	record(func(*usage.Record) {})                              // 100 × 1,000 = 100,000 nano-dollars
	record(func(r *usage.Record) { r.Total = 2 * time.Second }) // ends the day after
	record(func(r *usage.Record) { r.Platform = "there" })      // 100,000 that are on no bill
	record(func(r *usage.Record) { r.Source, r.Doubt = usage.Partial, "it was cut" })
	record(func(r *usage.Record) { r.Model, r.Unpriced, r.Cost = "unheard-of", true, 0 })
	record(func(r *usage.Record) { r.Account = "" })
	// Two models: 100 × 1,000 + 30 × 10,000 = 400,000, of which the larger has 300,000; recorded were 80,000, of which 60,000.
	record(func(r *usage.Record) {
		r.Items = []usage.Item{{Kind: usage.Input, Amount: 100}, {Kind: usage.Input, Amount: 30, Model: "large-one"}}
		r.Cost, r.Searches = 80_000, 2
	})
	b.Bill("2026-11-23", "small-one, input", 400_000)
	b.Bill("2026-11-23", "Small One", 1)
	b.Bill("2026-11-23", "storage", 7)
	want := []reconcile.Cell{
		{Day: "2026-11-23", Model: "large-one", Cost: 300_000, Recorded: 60_000},
		{
			Day: "2026-11-23", Model: "small-one", Billed: true, Known: true, Bill: 400_001, Requests: 3, Cost: 300_000, Recorded: 200_000, Guessed: 1, Doubtful: 1,
			Searches: 2, Elsewhere: 1, ElsewhereCost: 100_000,
		},
		{Day: "2026-11-23", Model: "storage", Billed: true, Bill: 7},
		{Day: "2026-11-23", Model: "unheard-of", Requests: 1, Unpriced: 1},
		{Day: "2026-11-24", Model: "small-one", Requests: 1, Cost: 100_000, Recorded: 90_000},
	}
	got := b.Cells()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if b.Records("2026-11-23") != 6 || b.Records("2026-11-24") != 1 || got[1].Difference() != 100_001 {
		t.Errorf("%d and %d records, %d", b.Records("2026-11-23"), b.Records("2026-11-24"), got[1].Difference())
	}
}
