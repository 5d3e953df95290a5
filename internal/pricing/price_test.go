package pricing_test

import (
	"math"
	"testing"
	"time"

	"crs/internal/pricing"
	"crs/internal/usage"
)

// today is a day for prices that have no periods.
var today = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// table parses a table that a test has written.
func table(tb testing.TB, doc string) *pricing.Table {
	tb.Helper()
	return read(tb, doc, pricing.Origin{}).Table
}

func read(tb testing.TB, doc string, from pricing.Origin) *pricing.Reading {
	tb.Helper()
	r, err := pricing.Parse([]byte(doc), from)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func overrides(tb testing.TB, doc string) *pricing.Table {
	tb.Helper()
	t, err := pricing.ParseOverrides([]byte(doc))
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// find gives a model's price.
func find(tb testing.TB, t *pricing.Table, model string) *pricing.Price {
	tb.Helper()
	m, ok := t.Lookup(model, today)
	if !ok {
		tb.Fatalf("no price for %s", model)
	}
	return m.Price
}

// asked is what else about a call decides its cost.
type asked struct {
	tier, region string
	searches     int64
}

// cost is what one call of a model costs.
func cost(t *pricing.Table, model string, used usage.Tokens, a asked) (pricing.Cost, bool) {
	call := usage.Call{Model: model, Tier: a.tier, Region: a.region, Tokens: used}
	items := append(call.AppendItems(nil), usage.Item{Kind: usage.WebSearch, Amount: a.searches, Model: model})
	return t.CostOf(items, today)
}

// prices with every field of a step and tier; the numbers are of no real model.
const full = `{"m":{"litellm_provider":"x","mode":"chat","max_input_tokens":1000,"max_output_tokens":"500",
	"input_cost_per_token":1e-6,"output_cost_per_token":10e-6,"output_cost_per_reasoning_token":20e-6,
	"cache_creation_input_token_cost":2e-6,"cache_creation_input_token_cost_above_1hr":3e-6,"cache_read_input_token_cost":1e-7,
	"input_cost_per_token_priority":4e-6,"output_cost_per_token_priority":40e-6,"cache_read_input_token_cost_priority":4e-7,
	"input_cost_per_token_flex":5e-7,"output_cost_per_token_flex":7e-6,
	"input_cost_per_token_above_200k_tokens":6e-6,"output_cost_per_token_above_200k_tokens":60e-6,
	"cache_creation_input_token_cost_above_200k_tokens":7e-6,"cache_creation_input_token_cost_above_1hr_above_200k_tokens":8e-6,
	"cache_read_input_token_cost_above_200k_tokens":9e-7,"input_cost_per_token_above_200k_tokens_priority":11e-6,
	"search_context_cost_per_query":{"search_context_size_low":0.01,"search_context_size_medium":0.02,"search_context_size_high":0.03},
	"provider_specific_entry":{"fast":2.5,"us":1.1}}}`

func TestEveryKindOfUseIsCharged(t *testing.T) {
	t.Parallel()
	const k200 = 200_000
	tests := map[string]struct {
		used    usage.Tokens
		options asked
		want    pricing.Cost
	}{
		"nothing":       {want: 0},
		"input":         {used: usage.Tokens{Input: 1}, want: 1_000},
		"output":        {used: usage.Tokens{Output: 1}, want: 10_000},
		"reasoning":     {used: usage.Tokens{Output: 3, Reasoning: 1}, want: 2*10_000 + 20_000},
		"only thought":  {used: usage.Tokens{Output: 1, Reasoning: 1}, want: 20_000},
		"write 5m":      {used: usage.Tokens{CacheWrite: 1}, want: 2_000},
		"write 1h":      {used: usage.Tokens{CacheWrite1h: 1}, want: 3_000},
		"read":          {used: usage.Tokens{CacheRead: 1}, want: 100},
		"all":           {used: usage.Tokens{Input: 1, Output: 1, CacheWrite: 1, CacheWrite1h: 1, CacheRead: 1}, want: 16_100},
		"searches":      {options: asked{searches: 2}, want: 40_000_000},
		"fast":          {used: usage.Tokens{Input: 2}, options: asked{tier: "fast"}, want: 5_000},
		"region":        {used: usage.Tokens{Input: 10}, options: asked{region: "us"}, want: 11_000},
		"other region":  {used: usage.Tokens{Input: 10}, options: asked{region: "eu"}, want: 10_000},
		"fast, region":  {used: usage.Tokens{Input: 10}, options: asked{tier: "fast", region: "us"}, want: 27_500},
		"fast searches": {options: asked{searches: 1, tier: "fast"}, want: 20_000_000},

		"priority":             {used: usage.Tokens{Input: 1, Output: 1, CacheRead: 1}, options: asked{tier: "priority"}, want: 44_400},
		"priority, not given":  {used: usage.Tokens{CacheWrite: 1}, options: asked{tier: "priority"}, want: 8_000},
		"priority, thought":    {used: usage.Tokens{Output: 1, Reasoning: 1}, options: asked{tier: "priority"}, want: 80_000},
		"flex":                 {used: usage.Tokens{Input: 2, Output: 1}, options: asked{tier: "flex"}, want: 8_000},
		"flex, not given":      {used: usage.Tokens{CacheRead: 2}, options: asked{tier: "flex"}, want: 100},
		"default tier":         {used: usage.Tokens{Input: 1}, options: asked{tier: "default"}, want: 1_000},
		"an unknown tier":      {used: usage.Tokens{Input: 1}, options: asked{tier: "scale"}, want: 1_000},
		"at the threshold":     {used: usage.Tokens{Input: k200}, want: k200 * 1_000},
		"above the threshold":  {used: usage.Tokens{Input: k200 + 1}, want: (k200 + 1) * 6_000},
		"output does not tier": {used: usage.Tokens{Input: 1, Output: k200}, want: 1_000 + k200*10_000},
		"cached tokens tier": {
			used: usage.Tokens{Output: 1, CacheWrite: 100_000, CacheWrite1h: 50_000, CacheRead: 50_001},
			want: 60_000 + 100_000*7_000 + 50_000*8_000 + 50_001*900,
		},
		"reasoning above": {
			used: usage.Tokens{CacheRead: k200 + 1, Output: 1, Reasoning: 1}, want: (k200+1)*900 + 120_000,
		},
		"priority above": {
			used: usage.Tokens{Input: k200 + 1}, options: asked{tier: "priority"}, want: (k200 + 1) * 11_000,
		},
		"flex above": {
			used: usage.Tokens{Input: k200 + 1}, options: asked{tier: "flex"}, want: (k200 + 1) * 3_000,
		},

		"negative counts":        {used: usage.Tokens{Input: -5, Output: -1, CacheRead: 10}, options: asked{searches: -1}, want: 1_000},
		"more thought than said": {used: usage.Tokens{Output: 1, Reasoning: 5}, want: 20_000},
		"negative reasoning":     {used: usage.Tokens{Output: 1, Reasoning: -5}, want: 10_000},
	}
	known := table(t, full)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, ok := cost(known, "m", tt.used, tt.options); got != tt.want || !ok {
				t.Errorf("%s, known %v; want %s", got, ok, tt.want)
			}
		})
	}
	price := find(t, known, "m")
	if price.Provider != "x" || price.Mode != "chat" || price.MaxInput != 1000 || price.MaxOutput != 500 {
		t.Errorf("about the model: %+v", price)
	}
}

func TestWhatATableLeavesOutIsDerived(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		model, fields string
		step          int
		tier          string
		want          rates
	}{
		"claude": {
			model: "claude-x", fields: `"input_cost_per_token":3e-6,"output_cost_per_token":15e-6`,
			want: rates{Input: 3_000_000, Output: 15_000_000, Reasoning: 15_000_000, CacheWrite5m: 3_750_000, CacheWrite1h: 6_000_000, CacheRead: 300_000},
		},
		"claude's one-hour price is corrected": {
			model: "claude-3-opus", fields: `"input_cost_per_token":15e-6,"output_cost_per_token":75e-6,"cache_creation_input_token_cost_above_1hr":6e-6`,
			want: rates{Input: 15_000_000, Output: 75_000_000, Reasoning: 75_000_000, CacheWrite5m: 18_750_000, CacheWrite1h: 30_000_000, CacheRead: 1_500_000},
		},
		"claude on bedrock": {
			model: "us.anthropic.claude-x-v1:0", fields: `"input_cost_per_token":1e-6,"output_cost_per_token":5e-6,"cache_read_input_token_cost":25e-9`,
			want: rates{Input: 1_000_000, Output: 5_000_000, Reasoning: 5_000_000, CacheWrite5m: 1_250_000, CacheWrite1h: 2_000_000, CacheRead: 25_000},
		},
		"claude has no price for priority": {
			model: "vertex_ai/claude-x", tier: "priority", fields: `"input_cost_per_token":1e-6,"output_cost_per_token":5e-6`,
			want: rates{Input: 1_000_000, Output: 5_000_000, Reasoning: 5_000_000, CacheWrite5m: 1_250_000, CacheWrite1h: 2_000_000, CacheRead: 100_000},
		},
		"claude's tier": {
			model: "claude-x", step: 1,
			fields: `"input_cost_per_token":1e-6,"output_cost_per_token":5e-6,"cache_read_input_token_cost":5e-8,"cache_creation_input_token_cost":1.25e-6,` +
				`"input_cost_per_token_above_100k_tokens":5e-6,"output_cost_per_token_above_100k_tokens":25e-6,"cache_creation_input_token_cost_above_1hr_above_100k_tokens":6e-6`,
			want: rates{Input: 5_000_000, Output: 25_000_000, Reasoning: 25_000_000, CacheWrite5m: 6_250_000, CacheWrite1h: 10_000_000, CacheRead: 250_000},
		},
		"others": {
			model: "gpt-x", fields: `"input_cost_per_token":2e-6,"output_cost_per_token":8e-6`,
			want: rates{Input: 2_000_000, Output: 8_000_000, Reasoning: 8_000_000, CacheWrite5m: 2_000_000, CacheWrite1h: 2_000_000, CacheRead: 2_000_000},
		},
		"priority is not guessed": {
			model: "gpt-x", tier: "priority", fields: `"input_cost_per_token":2e-6,"output_cost_per_token":8e-6,"cache_read_input_token_cost":2e-7`,
			want: rates{Input: 2_000_000, Output: 8_000_000, Reasoning: 8_000_000, CacheWrite5m: 2_000_000, CacheWrite1h: 2_000_000, CacheRead: 200_000},
		},
		"priority in the proportion of input": {
			model: "gpt-x", tier: "priority", fields: `"input_cost_per_token":25e-8,"output_cost_per_token":2e-6,"cache_read_input_token_cost":25e-9,"input_cost_per_token_priority":45e-8`,
			want: rates{Input: 450_000, Output: 3_600_000, Reasoning: 3_600_000, CacheWrite5m: 450_000, CacheWrite1h: 450_000, CacheRead: 45_000},
		},
		"priority is not sold for a step that it has no price for": {
			model: "gpt-x", step: 1, tier: "priority",
			fields: `"input_cost_per_token":2e-6,"output_cost_per_token":12e-6,"input_cost_per_token_priority":3.6e-6,"cache_read_input_token_cost":2e-7,` +
				`"input_cost_per_token_above_200k_tokens":4e-6,"output_cost_per_token_above_200k_tokens":18e-6`,
			want: rates{Input: 4_000_000, Output: 18_000_000, Reasoning: 18_000_000, CacheWrite5m: 4_000_000, CacheWrite1h: 4_000_000, CacheRead: 400_000},
		},
		"flex in the proportion of input, rounded up": {
			model: "gpt-x", tier: "flex", fields: `"input_cost_per_token":2e-12,"output_cost_per_token":3e-12,"input_cost_per_token_flex":1e-12`,
			want: rates{Input: 1, Output: 2, Reasoning: 2, CacheWrite5m: 1, CacheWrite1h: 1, CacheRead: 1},
		},
		"a discount holds for every step": {
			model: "gpt-x", step: 1, tier: "batch",
			fields: `"input_cost_per_token":2e-6,"output_cost_per_token":4e-6,"input_cost_per_token_batches":1e-6,"input_cost_per_token_above_200k_tokens":4e-6`,
			want:   rates{Input: 2_000_000, Output: 2_000_000, Reasoning: 2_000_000, CacheWrite5m: 2_000_000, CacheWrite1h: 2_000_000, CacheRead: 2_000_000},
		},
		"a second tier builds on the first": {
			model: "gpt-x", step: 2,
			fields: `"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"input_cost_per_token_above_128k_tokens":2e-6,"output_cost_per_token_above_272k_tokens":9e-6`,
			want:   rates{Input: 2_000_000, Output: 9_000_000, Reasoning: 9_000_000, CacheWrite5m: 2_000_000, CacheWrite1h: 2_000_000, CacheRead: 2_000_000},
		},
		"free input": {
			model: "gpt-x", tier: "priority", fields: `"input_cost_per_token":0,"output_cost_per_token":8e-6,"output_cost_per_token_priority":16e-6`,
			want: rates{Output: 16_000_000, Reasoning: 16_000_000},
		},
		"no output": {
			model: "embed", fields: `"mode":"embedding","input_cost_per_token":2e-8,"output_cost_per_token":null`,
			want: rates{Input: 20_000, CacheWrite5m: 20_000, CacheWrite1h: 20_000, CacheRead: 20_000},
		},
		"an absurd proportion": {
			model: "gpt-x", step: 1,
			fields: `"input_cost_per_token":1e-3,"output_cost_per_token":0,"cache_read_input_token_cost":0.01,"input_cost_per_token_above_1k_tokens":0.01`,
			want:   rates{Input: 10_000_000_000, CacheWrite5m: 10_000_000_000, CacheWrite1h: 10_000_000_000, CacheRead: 10_000_000_000},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ratesOf(find(t, table(t, `{"`+tt.model+`":{`+tt.fields+`}}`), tt.model), tt.step, tt.tier)
			if got != tt.want {
				t.Errorf("\n got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestATierRegionOrSearchThatTheTableDoesNotKnowIsNotGuessed(t *testing.T) {
	t.Parallel()
	const entry = `{"claude-x":{"input_cost_per_token":1e-6,"output_cost_per_token":5e-6,"provider_specific_entry":{"fast":null},"search_context_cost_per_query":null}}`
	got, known := cost(table(t, entry), "claude-x", usage.Tokens{Input: 1}, asked{tier: "fast", region: "us", searches: 1})
	if got != 1_000 || !known {
		t.Errorf("%s, known %v; want the input", got, known)
	}
}

func TestRoundingHappensOnceAndHalfUp(t *testing.T) {
	t.Parallel()
	known := table(t, `{"m":{"input_cost_per_token":3e-10,"output_cost_per_token":2e-10}}`)
	for used, want := range map[usage.Tokens]pricing.Cost{
		{Input: 1}:             0, // 0.3 nano-USD
		{Input: 1, Output: 1}:  1, // 0.5
		{Input: 5}:             2, // 1.5
		{Input: 4, Output: 1}:  1, // 1.4
		{Input: 1_000_000_000}: 300_000_000,
	} {
		if got, _ := cost(known, "m", used, asked{}); got != want {
			t.Errorf("%+v: %d nano-USD, want %d", used, int64(got), int64(want))
		}
	}
}

func TestHugeCountsNeitherWrapNorPanic(t *testing.T) {
	t.Parallel()
	tokens := func(t *pricing.Table, tier string, n int64) pricing.Cost {
		got, _ := t.CostOf([]usage.Item{{Kind: usage.Output, Amount: n, Model: "m", Tier: tier}}, today)
		return got
	}
	dear := table(t, `{"m":{"input_cost_per_token":6e-4,"output_cost_per_token":6e-4}}`)
	if got := tokens(dear, "", 10_000_000_000); got.String() != "$6000000.00" {
		t.Errorf("ten thousand million tokens at $600 a million: %s", got)
	}
	dearest := table(t, `{"m":{"input_cost_per_token":0.01,"output_cost_per_token":0.01,"provider_specific_entry":{"fast":100,"us":100},
		"search_context_cost_per_query":{"search_context_size_medium":100}}}`)
	var all []usage.Item
	for k := range usage.Kinds {
		all = append(all, usage.Item{Kind: k, Amount: math.MaxInt64, Model: "m", Prompt: math.MaxInt64, Tier: "fast", Region: "us"})
	}
	if got, _ := dearest.CostOf(all, today); got != math.MaxInt64 {
		t.Errorf("everything: %s", got)
	}
	for n := int64(1); n > 0; n *= 2 { // the sum grows until it is the largest, and stays
		if low, high := tokens(dearest, "fast", n), tokens(dearest, "fast", 2*n-1); low <= 0 || high < low {
			t.Errorf("%d tokens: %s, nearly twice as many: %s", n, low, high)
		}
	}
}

// rates are those of text.
type rates struct{ Input, Output, Reasoning, CacheWrite5m, CacheWrite1h, CacheRead pricing.PerUnit }

// ratesOf are those of a step in a tier, "" for the standard one.
func ratesOf(p *pricing.Price, step int, tier string) rates {
	steps := p.Steps
	for _, x := range p.Tiers {
		if x.Name == tier {
			steps = x.Steps
		}
	}
	r := &steps[step].Rates
	return rates{r[usage.Input], r[usage.Output], r[usage.Reasoning], r[usage.CacheWrite5m], r[usage.CacheWrite1h], r[usage.CacheRead]}
}
