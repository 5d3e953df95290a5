package pricing_test

import (
	"testing"

	"crs/internal/pricing"
	"crs/internal/usage"
)

func TestAFactorThatIsNotKnownIsSaid(t *testing.T) {
	t.Parallel()
	own := pricing.Embedded()
	updated := own.Updated(read(t, `{"gpt-6.2-astra":{"input_cost_per_token":9e-6,"output_cost_per_token":4e-5},
		"gpt-5.6-sol":{"input_cost_per_token":4e-6,"output_cost_per_token":2e-5,"input_cost_per_token_ultrafast":4e-5}}`, pricing.Origin{AsOf: day(t, "2026-12-01")}).Table, false).Table
	const astra = "the factor of ultrafast for gpt-6.2-astra is not known: the standard price was taken"
	for name, tt := range map[string]struct {
		table *pricing.Table
		item  usage.Item
		want  string
	}{
		"not known":               {own, usage.Item{Model: "gpt-6.2-astra", Tier: "ultrafast"}, astra},
		"by another name":         {own, usage.Item{Model: "openai/gpt-6.2-astra-2099-01-01", Tier: "ultrafast"}, astra},
		"a preview":               {own, usage.Item{Model: "gpt-5.6", Tier: "ultrafast"}, "the factor of ultrafast for gpt-5.6 is not known: the standard price was taken"},
		"a newer price without":   {updated, usage.Item{Model: "gpt-6.2-astra", Tier: "ultrafast"}, astra},
		"a newer price that says": {updated, usage.Item{Model: "gpt-5.6-sol", Tier: "ultrafast"}, ""},
		"known":                   {own, usage.Item{Model: "gpt-6.2-sol", Tier: "ultrafast"}, ""},
		"another tier":            {own, usage.Item{Model: "gpt-6.2-astra", Tier: "fast"}, ""},
		"the standard one":        {own, usage.Item{Model: "gpt-6.2-astra", Tier: "default"}, ""},
		"a search":                {own, usage.Item{Model: "gpt-6.2-astra", Tier: "ultrafast", Kind: usage.WebSearch}, ""},
		"a model nobody knows":    {own, usage.Item{Model: "gpt-99", Tier: "ultrafast"}, ""},
	} {
		tt.item.Amount = 1
		all := []usage.Item{{Model: "gpt-5", Amount: 1, Tier: "flex"}, tt.item}
		if got := tt.table.Doubt(all, today); got != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Every tier that the reference names without a factor is in doubt.
func TestWhatTheReferenceDoesNotKnowIsInDoubt(t *testing.T) {
	t.Parallel()
	var found []string
	for _, r := range references(t) {
		text := r["ultrafast_mult"]
		if text == "" || rat(text) != nil || r.times("ultrafast", false, today).Cmp(rat("1")) != 0 {
			continue
		}
		found = append(found, r["model"])
		if pricing.Embedded().Doubt([]usage.Item{{Model: r["model"], Amount: 1, Tier: "ultrafast"}}, today) == "" {
			t.Errorf("%s is sure", r["model"])
		}
	}
	if len(found) != 2 {
		t.Errorf("%q", found)
	}
}

// Not parallel: it counts allocations.
func TestThatNothingIsInDoubtDoesNotAllocate(t *testing.T) {
	known := pricing.Embedded()
	items := (&usage.Call{Model: "gpt-6.2-sol", Tier: "ultrafast", Tokens: usage.Tokens{Input: 1, Output: 2}}).AppendItems(nil)
	if n := testing.AllocsPerRun(100, func() { known.Doubt(items, today) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
