package pricing_test

import (
	"slices"
	"testing"

	"crs/internal/pricing"
	"crs/internal/usage"
)

// devTable is of models.dev's shape; the numbers are of no real model.
const devTable = `{
	"openai": {"id": "openai", "name": "OpenAI", "models": {
		"gpt-x": {"id": "gpt-x", "last_updated": "2026-11-27", "limit": {"context": 400000, "output": 128000}, "modalities": {"input": ["text"]},
			"cost": {"input": 2, "output": 10, "cache_read": 0.1, "cache_write": 2.5, "input_audio": 4, "output_audio": 20, "reasoning": 12,
				"tiers": [{"tier": {"type": "context", "size": 272000}, "input": 4, "output": 15, "cache_read": 0.2}],
				"context_over_200k": {"input": 4, "output": 15}},
			"experimental": {"modes": {"fast": {"cost": {"input": 4, "output": 20, "tiers": [{"tier": {"type": "context", "size": 272000}, "input": 8, "output": 30}]},
				"provider": {"body": {"service_tier": "priority"}}}}}},
		"no-cost": {"id": "no-cost"}, "free": {"cost": {"input": 0, "output": 0}}, "bad": {"cost": {"input": -1, "output": 2}}}},
	"google": {"models": {"gemini-x": {"cost": {"input": 1, "output": 2, "context_over_200k": {"input": 2, "output": 4}}}}},
	"openrouter": {"models": {"vendor/thing": {"cost": {"input": 1, "output": 2}}}}}`

func TestATableOfModelsDevIsRead(t *testing.T) {
	t.Parallel()
	got := read(t, devTable, pricing.Origin{AsOf: 20_000})
	if want := []string{"gemini-x", "gpt-x", "openrouter/vendor/thing"}; got.Format != pricing.ModelsDev || !slices.Equal(got.Table.Models(), want) || got.Entries != 6 {
		t.Fatalf("%s, %d entries: %q", got.Format, got.Entries, got.Table.Models())
	}
	if len(got.Refused) != 1 || len(got.Unpriced) != 2 {
		t.Errorf("refused %q, unpriced %q", got.Refused, got.Unpriced)
	}
	p := find(t, got.Table, "gpt-x")
	if p.AsOf.String() != "2026-11-27" || p.Provider != "openai" || p.MaxInput != 400_000 || find(t, got.Table, "gemini-x").AsOf != 20_000 {
		t.Errorf("%+v", p)
	}
	long := usage.Tokens{Input: 300_000, Output: 1000}
	for tier, want := range map[string]string{"": "$1.215", "fast": "$2.43", "priority": "$2.43", "flex": "$1.215"} {
		if cost, known := cost(got.Table, "gpt-x", long, asked{tier: tier}); cost.String() != want || !known {
			t.Errorf("%s: %s, want %s", tier, cost, want)
		}
	}
	if cost, _ := cost(got.Table, "gemini-x", long, asked{}); cost.String() != "$0.604" {
		t.Errorf("above 200k: %s", cost)
	}
}
