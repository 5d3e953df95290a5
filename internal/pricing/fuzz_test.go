package pricing_test

import (
	"testing"

	"crs/internal/pricing"
	"crs/internal/usage"
)

// The largest rates that a table may have: a cent for a token, $100 for anything else.
const (
	mostOfToken = 10_000_000_000
	mostOfUnit  = 100_000_000_000_000
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(models("a", "claude-b")))
	f.Add([]byte(`{"a":{"input_cost_per_token":1e-99,"input_cost_per_token_above_4294967295k_tokens_flex":1e-12}}`))
	f.Add([]byte(`{"a":{"tiered_pricing":[{"range":[0,1e3],"input_cost_per_token":1e-6},{"range":[1000],"output_cost_per_token_batches":1e-5}]}}`))
	f.Add([]byte(devTable))
	f.Add([]byte(`{"gpt-5.5":{"input_cost_per_token":1e-6,"output_cost_per_token":"2e-6"},"claude-haiku-5-5":{"input_cost_per_token":0.01,"output_cost_per_token":0.01}}`))
	own := pricing.Embedded()
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := pricing.Parse(doc, pricing.Origin{AsOf: own.AsOf() + 1})
		if err != nil {
			return
		}
		bounded(t, got.Table, got.Table.Models())
		bounded(t, own.Updated(got.Table, false).Table, got.Table.Models())
		bounded(t, own.Updated(got.Table, true).Table, got.Table.Models())
		if again := got.Table.Overridden(got.Table); again.Version() != got.Table.Version() {
			t.Error("the same prices have two versions")
		}
	})
}

func FuzzParseOverrides(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(models("a", "claude-b")))
	own := pricing.Embedded()
	f.Fuzz(func(t *testing.T, doc []byte) {
		if got, err := pricing.ParseOverrides(doc); err == nil {
			bounded(t, own.Overridden(got), got.Models())
		}
	})
}

// bounded looks for a rate that no table may have, and for a sum that is not more when there is more of something.
func bounded(t *testing.T, table *pricing.Table, models []string) {
	t.Helper()
	for _, model := range models {
		for _, p := range table.Periods(model) {
			steps := p.Steps
			for _, tier := range p.Tiers {
				steps = append(steps[:len(steps):len(steps)], tier.Steps...)
			}
			for i := range steps {
				for k, rate := range steps[i].Rates {
					if rate < 0 || rate > mostOfUnit || usage.Kind(k).Tokens() && rate > mostOfToken {
						t.Errorf("%q: %d for %s", model, rate, usage.Kind(k))
					}
				}
			}
		}
		for _, tier := range []string{"", "priority", "flex", "fast"} {
			few, _ := cost(table, model, usage.Tokens{Input: 1, Output: 2, Reasoning: 1, CacheRead: 3, CacheWrite: 4, CacheWrite1h: 5}, asked{tier: tier, searches: 1})
			many, _ := cost(table, model, usage.Tokens{Input: 1, Output: 3, Reasoning: 1, CacheRead: 3, CacheWrite: 4, CacheWrite1h: 5}, asked{tier: tier, searches: 1})
			if few < 0 || many < few {
				t.Errorf("%q: %s, one token more: %s", model, few, many)
			}
		}
	}
}
