package pricing_test

import (
	"math"
	"testing"

	"crs/internal/pricing"
	"crs/internal/usage"
)

// table parses a table that a test has written.
func table(tb testing.TB, doc string) *pricing.Table {
	tb.Helper()
	t, err := pricing.Parse([]byte(doc))
	if err != nil {
		tb.Fatal(err)
	}
	return t
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
	m, ok := t.Lookup(model)
	if !ok {
		tb.Fatalf("no price for %s", model)
	}
	return m.Price
}

// prices with every field of a tier and service; the numbers are of no real model.
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
		options pricing.Options
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
		"searches":      {options: pricing.Options{WebSearches: 2}, want: 40_000_000},
		"fast":          {used: usage.Tokens{Input: 2}, options: pricing.Options{Fast: true}, want: 5_000},
		"region":        {used: usage.Tokens{Input: 10}, options: pricing.Options{Region: "us"}, want: 11_000},
		"other region":  {used: usage.Tokens{Input: 10}, options: pricing.Options{Region: "eu"}, want: 10_000},
		"fast, region":  {used: usage.Tokens{Input: 10}, options: pricing.Options{Fast: true, Region: "us"}, want: 27_500},
		"fast searches": {options: pricing.Options{WebSearches: 1, Fast: true}, want: 20_000_000},

		"priority":             {used: usage.Tokens{Input: 1, Output: 1, CacheRead: 1}, options: pricing.Options{ServiceTier: "priority"}, want: 44_400},
		"priority, not given":  {used: usage.Tokens{CacheWrite: 1}, options: pricing.Options{ServiceTier: "priority"}, want: 8_000},
		"priority, thought":    {used: usage.Tokens{Output: 1, Reasoning: 1}, options: pricing.Options{ServiceTier: "priority"}, want: 80_000},
		"flex":                 {used: usage.Tokens{Input: 2, Output: 1}, options: pricing.Options{ServiceTier: "flex"}, want: 8_000},
		"flex, not given":      {used: usage.Tokens{CacheRead: 2}, options: pricing.Options{ServiceTier: "flex"}, want: 100},
		"default tier":         {used: usage.Tokens{Input: 1}, options: pricing.Options{ServiceTier: "default"}, want: 1_000},
		"an unknown tier":      {used: usage.Tokens{Input: 1}, options: pricing.Options{ServiceTier: "scale"}, want: 1_000},
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
			used: usage.Tokens{Input: k200 + 1}, options: pricing.Options{ServiceTier: "priority"}, want: (k200 + 1) * 11_000,
		},
		"flex above": {
			used: usage.Tokens{Input: k200 + 1}, options: pricing.Options{ServiceTier: "flex"}, want: (k200 + 1) * 3_000,
		},

		"negative counts":        {used: usage.Tokens{Input: -5, Output: -1, CacheRead: 10}, options: pricing.Options{WebSearches: -1}, want: 1_000},
		"more thought than said": {used: usage.Tokens{Output: 1, Reasoning: 5}, want: 20_000},
		"negative reasoning":     {used: usage.Tokens{Output: 1, Reasoning: -5}, want: 10_000},
	}
	price := find(t, table(t, full), "m")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := price.Cost(tt.used, tt.options); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
	if price.Provider != "x" || price.Mode != "chat" || price.MaxInput != 1000 || price.MaxOutput != 500 {
		t.Errorf("about the model: %+v", price)
	}
}

func TestWhatATableLeavesOutIsDerived(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		model, fields string
		tier          int
		service       string
		want          pricing.Rates
	}{
		"claude": {
			model: "claude-x", fields: `"input_cost_per_token":3e-6,"output_cost_per_token":15e-6`,
			want: pricing.Rates{Input: 3_000_000, Output: 15_000_000, Reasoning: 15_000_000, CacheWrite5m: 3_750_000, CacheWrite1h: 6_000_000, CacheRead: 300_000},
		},
		"claude's one-hour price is corrected": {
			model: "claude-3-opus", fields: `"input_cost_per_token":15e-6,"output_cost_per_token":75e-6,"cache_creation_input_token_cost_above_1hr":6e-6`,
			want: pricing.Rates{Input: 15_000_000, Output: 75_000_000, Reasoning: 75_000_000, CacheWrite5m: 18_750_000, CacheWrite1h: 30_000_000, CacheRead: 1_500_000},
		},
		"claude on bedrock": {
			model: "us.anthropic.claude-x-v1:0", fields: `"input_cost_per_token":1e-6,"output_cost_per_token":5e-6,"cache_read_input_token_cost":25e-9`,
			want: pricing.Rates{Input: 1_000_000, Output: 5_000_000, Reasoning: 5_000_000, CacheWrite5m: 1_250_000, CacheWrite1h: 2_000_000, CacheRead: 25_000},
		},
		"claude has no price for priority": {
			model: "vertex_ai/claude-x", service: "priority", fields: `"input_cost_per_token":1e-6,"output_cost_per_token":5e-6`,
			want: pricing.Rates{Input: 1_000_000, Output: 5_000_000, Reasoning: 5_000_000, CacheWrite5m: 1_250_000, CacheWrite1h: 2_000_000, CacheRead: 100_000},
		},
		"claude's tier": {
			model: "claude-x", tier: 1,
			fields: `"input_cost_per_token":1e-6,"output_cost_per_token":5e-6,"cache_read_input_token_cost":5e-8,"cache_creation_input_token_cost":1.25e-6,` +
				`"input_cost_per_token_above_100k_tokens":5e-6,"output_cost_per_token_above_100k_tokens":25e-6,"cache_creation_input_token_cost_above_1hr_above_100k_tokens":6e-6`,
			want: pricing.Rates{Input: 5_000_000, Output: 25_000_000, Reasoning: 25_000_000, CacheWrite5m: 6_250_000, CacheWrite1h: 10_000_000, CacheRead: 250_000},
		},
		"others": {
			model: "gpt-x", fields: `"input_cost_per_token":2e-6,"output_cost_per_token":8e-6`,
			want: pricing.Rates{Input: 2_000_000, Output: 8_000_000, Reasoning: 8_000_000, CacheWrite5m: 2_000_000, CacheWrite1h: 2_000_000, CacheRead: 2_000_000},
		},
		"priority doubles": {
			model: "gpt-x", service: "priority", fields: `"input_cost_per_token":2e-6,"output_cost_per_token":8e-6,"cache_read_input_token_cost":2e-7`,
			want: pricing.Rates{Input: 4_000_000, Output: 16_000_000, Reasoning: 16_000_000, CacheWrite5m: 4_000_000, CacheWrite1h: 4_000_000, CacheRead: 400_000},
		},
		"priority in the proportion of input": {
			model: "gpt-x", service: "priority", fields: `"input_cost_per_token":25e-8,"output_cost_per_token":2e-6,"cache_read_input_token_cost":25e-9,"input_cost_per_token_priority":45e-8`,
			want: pricing.Rates{Input: 450_000, Output: 3_600_000, Reasoning: 3_600_000, CacheWrite5m: 450_000, CacheWrite1h: 450_000, CacheRead: 45_000},
		},
		"priority in a tier": {
			model: "gpt-x", tier: 1, service: "priority",
			fields: `"input_cost_per_token":2e-6,"output_cost_per_token":12e-6,"input_cost_per_token_priority":3.6e-6,"cache_read_input_token_cost":2e-7,` +
				`"input_cost_per_token_above_200k_tokens":4e-6,"output_cost_per_token_above_200k_tokens":18e-6`,
			want: pricing.Rates{Input: 7_200_000, Output: 32_400_000, Reasoning: 32_400_000, CacheWrite5m: 7_200_000, CacheWrite1h: 7_200_000, CacheRead: 720_000},
		},
		"flex halves, and rounds up": {
			model: "gpt-x", service: "flex", fields: `"input_cost_per_token":1e-12,"output_cost_per_token":2e-12`,
			want: pricing.Rates{Input: 1, Output: 1, Reasoning: 1, CacheWrite5m: 1, CacheWrite1h: 1, CacheRead: 1},
		},
		"a second tier builds on the first": {
			model: "gpt-x", tier: 2,
			fields: `"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"input_cost_per_token_above_128k_tokens":2e-6,"output_cost_per_token_above_272k_tokens":9e-6`,
			want:   pricing.Rates{Input: 2_000_000, Output: 9_000_000, Reasoning: 9_000_000, CacheWrite5m: 2_000_000, CacheWrite1h: 2_000_000, CacheRead: 2_000_000},
		},
		"free input": {
			model: "gpt-x", service: "priority", fields: `"input_cost_per_token":0,"output_cost_per_token":8e-6`,
			want: pricing.Rates{Output: 16_000_000, Reasoning: 16_000_000},
		},
		"no output": {
			model: "embed", fields: `"input_cost_per_token":2e-8,"output_cost_per_token":null`,
			want: pricing.Rates{Input: 20_000, CacheWrite5m: 20_000, CacheWrite1h: 20_000, CacheRead: 20_000},
		},
		"an absurd proportion": {
			model: "gpt-x", tier: 1,
			fields: `"input_cost_per_token":1e-12,"output_cost_per_token":0,"cache_read_input_token_cost":0.01,"input_cost_per_token_above_1k_tokens":0.01`,
			want:   pricing.Rates{Input: 10_000_000_000, CacheWrite5m: 10_000_000_000, CacheWrite1h: 10_000_000_000, CacheRead: 10_000_000_000},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tier := find(t, table(t, `{"`+tt.model+`":{`+tt.fields+`}}`), tt.model).Tiers[tt.tier]
			got := tier.Standard
			switch tt.service {
			case "priority":
				got = tier.Priority
			case "flex":
				got = tier.Flex
			}
			if got != tt.want {
				t.Errorf("\n got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestFastModeAndSearchesHaveDefaults(t *testing.T) {
	t.Parallel()
	const entry = `{"claude-x":{"input_cost_per_token":1e-6,"output_cost_per_token":5e-6,"provider_specific_entry":{"fast":null},"search_context_cost_per_query":null}}`
	cost := find(t, table(t, entry), "claude-x").Cost(usage.Tokens{Input: 1}, pricing.Options{Fast: true, WebSearches: 1})
	if cost != 10_006_000 {
		t.Errorf("%s, want six times the input and a cent", cost)
	}
}

func TestRoundingHappensOnceAndHalfUp(t *testing.T) {
	t.Parallel()
	price := find(t, table(t, `{"m":{"input_cost_per_token":3e-10,"output_cost_per_token":2e-10}}`), "m")
	for used, want := range map[usage.Tokens]pricing.Cost{
		{Input: 1}:             0, // 0.3 nano-USD
		{Input: 1, Output: 1}:  1, // 0.5
		{Input: 5}:             2, // 1.5
		{Input: 4, Output: 1}:  1, // 1.4
		{Input: 1_000_000_000}: 300_000_000,
	} {
		if got := price.Cost(used, pricing.Options{}); got != want {
			t.Errorf("%+v: %d nano-USD, want %d", used, int64(got), int64(want))
		}
	}
}

func TestHugeCountsNeitherWrapNorPanic(t *testing.T) {
	t.Parallel()
	dear := find(t, table(t, `{"m":{"input_cost_per_token":6e-4,"output_cost_per_token":6e-4}}`), "m")
	if got := dear.Cost(usage.Tokens{Input: 10_000_000_000}, pricing.Options{}); got.String() != "$6000000.00" {
		t.Errorf("ten thousand million tokens at $600 a million: %s", got)
	}
	most := find(t, table(t, `{"m":{"input_cost_per_token":0.01,"output_cost_per_token":0.01,"provider_specific_entry":{"fast":100,"us":100},
		"search_context_cost_per_query":{"search_context_size_medium":100}}}`), "m")
	all := usage.Tokens{Input: math.MaxInt64, Output: math.MaxInt64, CacheRead: math.MaxInt64, CacheWrite: math.MaxInt64, CacheWrite1h: math.MaxInt64}
	for name, o := range map[string]pricing.Options{
		"standard": {}, "everything": {ServiceTier: "priority", Fast: true, Region: "us", WebSearches: math.MaxInt64},
	} {
		if got := most.Cost(all, o); got != math.MaxInt64 {
			t.Errorf("%s: %s", name, got)
		}
	}
	for tokens := int64(1); tokens > 0; tokens *= 2 { // the sum grows until it is the largest, and stays
		low, high := most.Cost(usage.Tokens{Output: tokens}, pricing.Options{Fast: true}), most.Cost(usage.Tokens{Output: 2*tokens - 1}, pricing.Options{Fast: true})
		if low <= 0 || high < low {
			t.Errorf("%d tokens: %s, nearly twice as many: %s", tokens, low, high)
		}
	}
}
