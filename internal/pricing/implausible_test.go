package pricing_test

import (
	"slices"
	"strings"
	"testing"

	"crs/internal/pricing"
	"crs/internal/usage"
)

func TestAPriceThatIsVeryFarFromOursIsKeptOut(t *testing.T) {
	t.Parallel()
	own := pricing.Embedded()
	for name, tt := range map[string]struct{ entry, says string }{
		"fifty times": {`"gpt-5":{"input_cost_per_token":6.25e-5,"output_cost_per_token":5e-4}`,
			"prices of gpt-5: input: $62.50 for a million tokens is 50 times the present $1.25 for a million tokens: kept out unless it is forced"},
		"a fiftieth": {`"gpt-5":{"input_cost_per_token":2.5e-8,"output_cost_per_token":2e-7}`,
			"prices of gpt-5: input: $0.025 for a million tokens is a fiftieth of the present $1.25 for a million tokens or less: kept out unless it is forced"},
		"one of them":        {`"gpt-5":{"input_cost_per_token":1.25e-6,"output_cost_per_token":0}`, "prices of gpt-5: output: $0.00 for a million"},
		"cached":             {`"claude-opus-4-8":{"input_cost_per_token":5e-6,"output_cost_per_token":25e-6,"cache_read_input_token_cost":5e-5}`, "cache_read: $50.00"},
		"a search":           {`"gpt-5":{"input_cost_per_token":1.25e-6,"output_cost_per_token":1e-5,"search_context_cost_per_query":{"search_context_size_medium":0.5}}`, "web_search: $0.50 for one is 50 times the present $0.01"},
		"nearly fifty":       {`"gpt-5":{"input_cost_per_token":6.2e-5,"output_cost_per_token":4.9e-4}`, ""},
		"a snapshot of ours": {`"gpt-5-2099-01-01":{"input_cost_per_token":1e-9,"output_cost_per_token":1e-9}`, "prices of gpt-5-2099-01-01: input: "},
		"new and dear":       {`"new":{"input_cost_per_token":5e-5,"output_cost_per_token":1.001e-3}`, "prices of new: $1001.00 for a million tokens is more than any model costs"},
		"new and lopsided":   {`"new":{"input_cost_per_token":1e-6,"output_cost_per_token":5.1e-5}`, "prices of new: input costs $1.00 and output $51.00, which are more than 50 times apart"},
		"the other way":      {`"new":{"input_cost_per_token":1e-6,"output_cost_per_token":0}`, "prices of new: input costs $1.00 and output $0.00"},
		"new and dear, fine": {`"new":{"input_cost_per_token":2e-5,"output_cost_per_token":1e-3}`, ""},
		"an embedding":       {`"new":{"input_cost_per_token":1e-6,"output_cost_per_token":0,"mode":"embedding"}`, ""},
		"by another kind":    {`"whisper-1":{"input_cost_per_token":1e-3,"output_cost_per_token":2e-3}`, "prices of whisper-1: $2000.00"},
		"an embedding, dear": {`"new":{"input_cost_per_token":1.1e-3,"mode":"embedding"}`, "$1100.00 for a million tokens is more"},
		"a factor":           {`"new":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6,"provider_specific_entry":{"fast":50}}`, "prices of new: fast: 50 times the ordinary price"},
		"a small one":        {`"gpt-5":{"input_cost_per_token":1.25e-6,"output_cost_per_token":1e-5,"provider_specific_entry":{"eu":0.02}}`, "prices of gpt-5: eu: 0.02 times"},
		"without a price":    {`"codex-auto-review":{"input_cost_per_token":2e-6,"output_cost_per_token":2e-4}`, "prices of codex-auto-review: input costs $2.00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			taken := read(t, `{`+tt.entry+`}`, pricing.Origin{AsOf: day(t, "2026-11-30")}).Table
			done, forced := own.Updated(taken, false), own.Updated(taken, true)
			said := strings.Join(sentences(done.Implausible), "\n")
			if (said == "") != (tt.says == "") || !strings.Contains(said, tt.says) {
				t.Errorf("said %q, want %q", said, tt.says)
			}
			if stays := done.Table.Version() == own.Version(); stays != (tt.says != "") {
				t.Errorf("stays %v", stays)
			}
			if forced.Implausible != nil || forced.Table.Version() == own.Version() {
				t.Errorf("forced: %v", forced.Implausible)
			}
		})
	}
}

func TestAnOperatorsPriceIsMeasuredToo(t *testing.T) {
	t.Parallel()
	own := overrides(t, `{"mine":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}}`)
	said := sentences(own.Implausible(table(t, `{"mine":{"input_cost_per_token":6e-5,"output_cost_per_token":1e-6},"other":{"input_cost_per_token":6e-3,"output_cost_per_token":1e-6}}`)))
	if want := []string{"prices of mine: input: $60.00 for a million tokens is 60 times the present $1.00 for a million tokens: kept out unless it is forced"}; !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
}

func TestATierOrStepIsNotNextToNothing(t *testing.T) {
	t.Parallel()
	got := read(t, `{"m":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"input_cost_per_token_flex":2e-8,"output_cost_per_token_above_200k_tokens":1e-9,
		"cache_read_input_token_cost":1e-8,"cache_read_input_token_cost_priority":0}}`, pricing.Origin{})
	want := []string{
		"prices of m: cache_read, priority: $0.00 for a million tokens is a fiftieth of the ordinary $0.01 or less",
		"prices of m: input, flex: $0.02 for a million tokens is a fiftieth of the ordinary $1.00 or less",
		"prices of m: output above 200000 tokens: $0.001 for a million tokens is a fiftieth of the ordinary $2.00 or less",
	}
	if said := sentences(got.Refused); !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
}

// What a newer price lacks costs as many times the ordinary price of text as it did.
func TestWhatANewerPriceLacksStaysInProportion(t *testing.T) {
	t.Parallel()
	taken := read(t, `{
		"gpt-5.5":{"input_cost_per_token":4e-6,"output_cost_per_token":2e-5,"input_cost_per_token_batches":2e-6,"litellm_provider":"openai"},
		"gpt-5.6-sol":{"input_cost_per_token":2e-6,"output_cost_per_token":1e-5,"input_cost_per_token_priority":6e-6},
		"gpt-5.5-2099-01-01":{"input_cost_per_token":5e-6,"output_cost_per_token":3e-5},
		"claude-haiku-5-5":{"input_cost_per_token":2e-7,"output_cost_per_token":1e-6},
		"gemini-3-pro-image":{"input_cost_per_token":4e-6,"output_cost_per_token":2.4e-5},
		"gpt-image-1":{"output_cost_per_image":0.04,"input_cost_per_token":1e-5,"output_cost_per_image_token":8e-5,"mode":"image_generation"}}`,
		pricing.Origin{AsOf: day(t, "2026-12-01")})
	got := pricing.Embedded().Updated(taken.Table, false)
	if got.Implausible != nil || got.Kept != nil {
		t.Errorf("%+v", got)
	}
	const long = 300_000
	for _, tt := range []struct {
		item usage.Item
		want string
	}{
		{usage.Item{Model: "gpt-5.5", Prompt: long}, "$8.00"},
		{usage.Item{Model: "gpt-5.5", Kind: usage.Output, Prompt: long}, "$30.00"},
		{usage.Item{Model: "gpt-5.5", Kind: usage.CacheRead}, "$0.40"},
		{usage.Item{Model: "gpt-5.5", Kind: usage.CacheRead, Prompt: long}, "$0.80"},
		{usage.Item{Model: "gpt-5.5", Tier: "fast"}, "$10.00"},
		{usage.Item{Model: "gpt-5.5", Tier: "fast", Prompt: long}, "$8.00"},
		{usage.Item{Model: "gpt-5.5", Tier: "batch", Prompt: long}, "$4.00"},
		{usage.Item{Model: "gpt-5.5", Region: "eu"}, "$4.40"},
		{usage.Item{Model: "gpt-5.6-sol", Tier: "priority"}, "$6.00"},
		{usage.Item{Model: "gpt-5.6-sol", Tier: "priority", Prompt: long}, "$8.00"}, // twice the long one
		{usage.Item{Model: "gpt-5.6-sol", Tier: "flex", Prompt: long}, "$2.00"},
		{usage.Item{Model: "gpt-5.5-2099-01-01", Prompt: long}, "$10.00"},
		{usage.Item{Model: "gpt-5.5-2099-01-01", Tier: "flex"}, "$2.50"},
		{usage.Item{Model: "claude-haiku-5-5", Kind: usage.CacheRead, Prompt: 100_001}, "$0.10"},
		{usage.Item{Model: "gemini-3-pro-image", Kind: usage.ImageOutput}, "$240.00"},
		{usage.Item{Model: "gpt-image-1", Kind: usage.ImageInput}, "$20.00"},
		{usage.Item{Model: "gpt-image-1", Kind: usage.Image}, "$0.00"}, // its tokens are billed
	} {
		tt.item.Amount = 1_000_000
		if cost, _ := got.Table.CostOf([]usage.Item{tt.item}, today); cost.String() != tt.want {
			t.Errorf("%s: %s, want %s", tt.item, cost, tt.want)
		}
	}
}

// A tier with rates of its own is as many times an operator's price as it was the table's.
func TestAnOperatorsPriceKeepsTiersWithRatesOfTheirOwn(t *testing.T) {
	t.Parallel()
	base := table(t, `{"m":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"input_cost_per_token_priority":3e-6,"output_cost_per_token_priority":4e-6}}`)
	got := base.Overridden(overrides(t, `{"m":{"input_cost_per_token":2e-6,"output_cost_per_token":2e-6}}`))
	if cost, _ := cost(got, "m", usage.Tokens{Input: 1e6, Output: 1e6}, asked{tier: "priority"}); cost.String() != "$10.00" {
		t.Errorf("%s", cost)
	}
}
