package pricing_test

import (
	"testing"

	"crs/internal/pricing"
	"crs/internal/usage"
)

func BenchmarkCost(b *testing.B) {
	known := pricing.Embedded()
	used := usage.Tokens{Input: 3, Output: 57, CacheWrite: 1200, CacheRead: 20000}
	for name, model := range map[string]string{
		"exact": "claude-sonnet-4-5", "tiers": "gemini-2.5-pro", "bedrock": "us.anthropic.claude-opus-4-5-20251101-v1:0", "unknown": "some-model-nobody-knows",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			items := (&usage.Call{Model: model, Tokens: used}).AppendItems(nil)
			for b.Loop() {
				known.CostOf(items, today)
			}
		})
	}
}

func BenchmarkEmbedded(b *testing.B) {
	for b.Loop() {
		pricing.Embedded()
	}
}

// Not parallel: it counts allocations.
func TestACostDoesNotAllocate(t *testing.T) {
	known := pricing.Embedded()
	for _, model := range []string{"claude-sonnet-4-5", "us.anthropic.claude-opus-4-5-20251101-v1:0", "some-model-nobody-knows"} {
		items := (&usage.Call{Model: model, Tier: "flex", Region: "us", Tokens: usage.Tokens{Input: 1, Output: 2}}).AppendItems(nil)
		if n := testing.AllocsPerRun(100, func() { known.CostOf(items, today) }); n != 0 {
			t.Errorf("%s: %v allocations", model, n)
		}
	}
}
