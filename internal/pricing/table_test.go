package pricing_test

import (
	"slices"
	"strings"
	"testing"

	"crs/internal/pricing"
	"crs/internal/usage"
)

func TestATableIsReadAsLiteLLMWritesIt(t *testing.T) {
	t.Parallel()
	reading := read(t, `{
		"sample_spec": {"input_cost_per_token": "the cost, in USD", "mode": ["chat"]},
		"numbers": {"input_cost_per_token": 2.5e-08, "output_cost_per_token": 0.0000006, "cache_read_input_token_cost": "7.5E-7", "max_input_tokens": "n/a"},
		"nulls": {"input_cost_per_token": 1e-06, "output_cost_per_token": null, "mode": null, "litellm_provider": 5, "provider_specific_entry": null},
		"long numbers": {"input_cost_per_token": 2.5000000000000002e-07, "output_cost_per_token": 1.4999999999999999e-05},
		"finer than we keep": {"input_cost_per_token": 1.5e-12, "output_cost_per_token": 1.49e-12, "cache_read_input_token_cost": 4e-13},
		"free": {"input_cost_per_token": 0, "output_cost_per_token": 0.0},
		"by the image": {"output_cost_per_image": 0.04, "mode": "image_generation"},
		"by nothing": {"input_cost_per_token": null},
		"odd tiers": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "input_cost_per_token_above_xk_tokens": 1, "k_tokens": 1, "_above_1k_tokens": 1},
		"unknown": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "input_cost_per_token_batches": "x", "supports_vision": true, "new": {"a": [1]}}
	}`, pricing.Origin{})
	got := reading.Table
	want := []string{"by the image", "finer than we keep", "long numbers", "numbers", "odd tiers", "unknown"}
	if !slices.Equal(got.Models(), want) || len(reading.Refused) != 2 || len(reading.NotUnderstood) != 1 || len(reading.Unpriced) != 2 || reading.Entries != 9 {
		t.Errorf("models %q, %+v", got.Models(), reading)
	}
	standard := func(model string) rates { return ratesOf(find(t, got, model), 0, "") }
	r := standard("numbers")
	if r.Input != 25_000 || r.Output != 600_000 || r.CacheRead != 750_000 {
		t.Errorf("numbers: %+v", r)
	}
	r = standard("long numbers")
	if r.Input != 250_000 || r.Output != 15_000_000 {
		t.Errorf("long numbers: %+v", r)
	}
	r = standard("finer than we keep")
	if r.Input != 2 || r.Output != 1 || r.CacheRead != 0 {
		t.Errorf("finer than we keep: %+v", r)
	}
	if n := len(find(t, got, "odd tiers").Steps); n != 1 {
		t.Errorf("odd tiers: %d", n)
	}
	if cost, known := cost(got, "free", usage.Tokens{Input: 1e6}, asked{}); cost != 0 || known {
		t.Errorf("what may or may not be free: %s, known %v", cost, known)
	}
}

func TestOneBadEntryIsLeftOutAndNamed(t *testing.T) {
	t.Parallel()
	bad := map[string]string{
		"per million":   `{"input_cost_per_token": 3, "output_cost_per_token": 15}`,
		"negative":      `{"input_cost_per_token": -1e-6}`,
		"words":         `{"input_cost_per_token": "cheap"}`,
		"an object":     `{"input_cost_per_token": {}}`,
		"huge":          `{"input_cost_per_token": 1e99}`,
		"huge exponent": `{"input_cost_per_token": 1e-99999}`,
		"no object":     `[]`,
	}
	for name, entry := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := `{"bad": ` + entry + `, "good": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}}`
			got := read(t, doc, pricing.Origin{})
			if !slices.Equal(got.Table.Models(), []string{"good"}) {
				t.Errorf("models %q", got.Table.Models())
			}
			if r := got.Refused; len(r) != 1 || !strings.HasPrefix(r[0].String(), "prices of bad: ") {
				t.Errorf("rejected %q", r)
			}
			if _, err := pricing.ParseOverrides([]byte(doc)); err == nil || !strings.HasPrefix(err.Error(), "prices of bad: ") {
				t.Errorf("as overrides: %v", err)
			}
		})
	}
}

func TestOneBadPriceIsLeftOutAndTheModelStays(t *testing.T) {
	t.Parallel()
	bad := map[string]string{
		"search":       `"search_context_cost_per_query": {"search_context_size_medium": 1000}`,
		"search words": `"search_context_cost_per_query": {"search_context_size_medium": true}`,
		"fast":         `"provider_specific_entry": {"fast": 101}`,
		"fast words":   `"provider_specific_entry": {"us": "more"}`,
		"no factor":    `"regional_endpoint_uplift_multiplier": 0`,
		"cached":       `"cache_read_input_token_cost": -1`,
		"a tier":       `"input_cost_per_token_priority": 2`,
		"fifty times":  `"input_cost_per_token_priority": 5e-5`,
		"a step":       `"output_cost_per_token_above_200k_tokens": "dear"`,
		"a list":       `"tiered_pricing": {"a": 1}`,
		"no range":     `"tiered_pricing": [{"input_cost_per_token": 1}]`,
		"by the page":  `"ocr_cost_per_page": -1`,
	}
	for name, field := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := `{"m": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, ` + field + `}}`
			got := read(t, doc, pricing.Origin{})
			if cost, known := cost(got.Table, "m", usage.Tokens{Input: 1, CacheRead: 300_000}, asked{tier: "priority"}); !known || cost != 300_001_000 {
				t.Errorf("%s, known %v", cost, known)
			}
			if r := got.Refused; len(r) != 1 || !strings.HasPrefix(r[0].String(), "prices of m: ") {
				t.Errorf("refused %q", r)
			}
			if _, err := pricing.ParseOverrides([]byte(doc)); name != "fifty times" && err == nil {
				t.Error("an operator's own is taken")
			}
		})
	}
}

func TestAPricePerMillionIsNotTakenForOnePerToken(t *testing.T) {
	t.Parallel()
	_, err := pricing.ParseOverrides([]byte(`{"m":{"input_cost_per_token":3,"output_cost_per_token":15}}`))
	const want = "prices of m: input_cost_per_token: 3 is more than a cent for one token; is it the price of a million?"
	if err == nil || err.Error() != want {
		t.Errorf("error: %v\nwant: %s", err, want)
	}
}

func TestWhatIsNoTableIsAnError(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{``, `[]`, `"x"`, `{"a":`, `<html>`} {
		if _, err := pricing.Parse([]byte(doc), pricing.Origin{}); err == nil || !strings.HasPrefix(err.Error(), "read price table: ") {
			t.Errorf("Parse(%q): %v", doc, err)
		}
		if _, err := pricing.ParseOverrides([]byte(doc)); err == nil {
			t.Errorf("ParseOverrides(%q) has no error", doc)
		}
	}
}

func TestOverridesAreTakenAtTheirWord(t *testing.T) {
	t.Parallel()
	base := table(t, `{"claude-x":{"input_cost_per_token":1e-6,"output_cost_per_token":5e-6,"input_cost_per_token_above_200k_tokens":2e-6},
		"other":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}}`)
	got := base.Overridden(overrides(t, `{"claude-x":{"input_cost_per_token":2e-6,"output_cost_per_token":8e-6,"cache_creation_input_token_cost_above_1hr":3e-6},
		"mine":{"input_cost_per_token":0,"output_cost_per_token":0}}`))

	if !slices.Equal(got.Models(), []string{"claude-x", "mine", "other"}) {
		t.Errorf("models %q", got.Models())
	}
	p := find(t, got, "claude-x")
	want := rates{Input: 2_000_000, Output: 8_000_000, Reasoning: 8_000_000, CacheWrite5m: 2_500_000, CacheWrite1h: 3_000_000, CacheRead: 200_000}
	if len(p.Steps) != 1 || ratesOf(p, 0, "") != want {
		t.Errorf("%+v", p.Steps)
	}
	if cost, known := cost(got, "mine", usage.Tokens{Input: 1e6}, asked{}); cost != 0 || !known {
		t.Errorf("what the operator has set to 0: %s, known %v", cost, known)
	}
	if find(t, base, "claude-x").Standard()[usage.Input] != 1_000_000 || len(base.Models()) != 2 {
		t.Error("the table below has changed")
	}
}

func TestAnOverrideMustGiveInputAndOutput(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		`{"m":{"output_cost_per_token":1e-6}}`:                             "prices of m: the price of input is missing",
		`{"m":{"input_cost_per_token":1e-6,"output_cost_per_tokn":1}}`:     "prices of m: the price of output is missing",
		`{"m":{"input_cost_per_token":1e-6,"output_cost_per_token":null}}`: "prices of m: the price of output is missing",
		`{"m":{}}`: "prices of m: the price of input is missing",
	} {
		if _, err := pricing.ParseOverrides([]byte(doc)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", doc, err, want)
		}
	}
}

func TestTheVersionFollowsWhatTheTableSays(t *testing.T) {
	t.Parallel()
	base := table(t, models("a", "b"))
	same := table(t, `{"sample_spec":{}, "b":{"output_cost_per_token":0.000002,"supports_vision":true,"input_cost_per_token":0.1e-5},
		"a":{"input_cost_per_token":"1e-06","output_cost_per_token":2.0e-6,"mode":"chat"}}`)
	if base.Version() != same.Version() || len(base.Version()) != 12 {
		t.Errorf("%s and %s for the same prices", base.Version(), same.Version())
	}
	if again := base.Overridden(table(t, `{}`)); again.Version() != base.Version() {
		t.Error("nothing laid over it has changed the version")
	}
	seen := map[string]string{base.Version(): "base"}
	for name, doc := range map[string]string{
		"a model more": `{"c":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6}}`,
		"input":        `{"a":{"input_cost_per_token":1.1e-6,"output_cost_per_token":2e-6}}`,
		"output":       `{"a":{"input_cost_per_token":1e-6,"output_cost_per_token":2.1e-6}}`,
		"the other":    `{"b":{"input_cost_per_token":1e-6,"output_cost_per_token":2.1e-6}}`,
		"cache":        `{"a":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"cache_read_input_token_cost":1e-7}}`,
		"reasoning":    `{"a":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"output_cost_per_reasoning_token":1e-6}}`,
		"tier":         `{"a":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"input_cost_per_token_above_200k_tokens":1e-6}}`,
		"priority":     `{"a":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"input_cost_per_token_priority":3e-6}}`,
		"fast":         `{"a":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"provider_specific_entry":{"fast":2}}}`,
		"region":       `{"a":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"provider_specific_entry":{"us":1.1}}}`,
		"search":       `{"a":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"search_context_cost_per_query":{"search_context_size_medium":0.02}}}`,
	} {
		version := base.Overridden(table(t, doc)).Version()
		if other, taken := seen[version]; taken {
			t.Errorf("%s has the version of %s", name, other)
		}
		seen[version] = name
	}
}
