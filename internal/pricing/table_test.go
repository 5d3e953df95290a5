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
	got := table(t, `{
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
	}`)
	want := []string{"finer than we keep", "free", "long numbers", "nulls", "numbers", "odd tiers", "unknown"}
	if !slices.Equal(got.Models(), want) || len(got.Rejected()) > 0 {
		t.Errorf("models %q, rejected %q", got.Models(), got.Rejected())
	}
	r := find(t, got, "numbers").Tiers[0].Standard
	if r.Input != 25_000 || r.Output != 600_000 || r.CacheRead != 750_000 {
		t.Errorf("numbers: %+v", r)
	}
	r = find(t, got, "long numbers").Tiers[0].Standard
	if r.Input != 250_000 || r.Output != 15_000_000 {
		t.Errorf("long numbers: %+v", r)
	}
	r = find(t, got, "finer than we keep").Tiers[0].Standard
	if r.Input != 2 || r.Output != 1 || r.CacheRead != 0 {
		t.Errorf("finer than we keep: %+v", r)
	}
	if n := len(find(t, got, "odd tiers").Tiers); n != 1 {
		t.Errorf("odd tiers: %d", n)
	}
	if cost, known := got.Cost("free", usage.Tokens{Input: 1e6}, pricing.Options{}); cost != 0 || !known {
		t.Errorf("free: %s, known %v", cost, known)
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
		"search":        `{"input_cost_per_token": 0, "search_context_cost_per_query": {"search_context_size_medium": 1000}}`,
		"search words":  `{"input_cost_per_token": 0, "search_context_cost_per_query": {"search_context_size_medium": true}}`,
		"fast":          `{"input_cost_per_token": 0, "provider_specific_entry": {"fast": 101}}`,
		"fast words":    `{"input_cost_per_token": 0, "provider_specific_entry": {"us": "more"}}`,
	}
	for name, entry := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := `{"bad": ` + entry + `, "good": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}}`
			got := table(t, doc)
			if !slices.Equal(got.Models(), []string{"good"}) {
				t.Errorf("models %q", got.Models())
			}
			if r := got.Rejected(); len(r) != 1 || !strings.HasPrefix(r[0], "prices of bad: ") {
				t.Errorf("rejected %q", r)
			}
			if _, err := pricing.ParseOverrides([]byte(doc)); err == nil || !strings.HasPrefix(err.Error(), "prices of bad: ") {
				t.Errorf("as overrides: %v", err)
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
		if _, err := pricing.Parse([]byte(doc)); err == nil || !strings.HasPrefix(err.Error(), "read price table: ") {
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
	got := base.With(overrides(t, `{"claude-x":{"input_cost_per_token":2e-6,"output_cost_per_token":8e-6,"cache_creation_input_token_cost_above_1hr":3e-6},
		"mine":{"input_cost_per_token":0,"output_cost_per_token":0}}`))

	if !slices.Equal(got.Models(), []string{"claude-x", "mine", "other"}) {
		t.Errorf("models %q", got.Models())
	}
	p := find(t, got, "claude-x")
	want := pricing.Rates{Input: 2_000_000, Output: 8_000_000, Reasoning: 8_000_000, CacheWrite5m: 2_500_000, CacheWrite1h: 3_000_000, CacheRead: 200_000}
	if len(p.Tiers) != 1 || p.Tiers[0].Standard != want {
		t.Errorf("%+v", p.Tiers)
	}
	if find(t, base, "claude-x").Tiers[0].Standard.Input != 1_000_000 || len(base.Models()) != 2 {
		t.Error("the table below has changed")
	}
}

func TestAnOverrideMustGiveInputAndOutput(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		`{"m":{"output_cost_per_token":1e-6}}`:                             "prices of m: input_cost_per_token is missing",
		`{"m":{"input_cost_per_token":1e-6,"output_cost_per_tokn":1}}`:     "prices of m: output_cost_per_token is missing",
		`{"m":{"input_cost_per_token":1e-6,"output_cost_per_token":null}}`: "prices of m: output_cost_per_token is missing",
		`{"m":{}}`: "prices of m: no price per token",
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
	if again := base.With(table(t, `{}`)); again.Version() != base.Version() {
		t.Error("nothing laid over it has changed the version")
	}
	families, err := base.WithFamilies(map[string]string{"x": "a"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{base.Version(): "base", families.Version(): "families"}
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
		version := base.With(table(t, doc)).Version()
		if other, taken := seen[version]; taken {
			t.Errorf("%s has the version of %s", name, other)
		}
		seen[version] = name
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(models("a", "claude-b")))
	f.Add([]byte(`{"a":{"input_cost_per_token":1e-99,"input_cost_per_token_above_4294967295k_tokens_flex":1e-12}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := pricing.Parse(doc)
		if err != nil {
			return
		}
		for _, model := range got.Models() {
			for _, service := range []string{"", "priority", "flex"} {
				o := pricing.Options{ServiceTier: service, Fast: true, WebSearches: 1}
				few, _ := got.Cost(model, usage.Tokens{Input: 1, Output: 2, Reasoning: 1, CacheRead: 3, CacheWrite: 4, CacheWrite1h: 5}, o)
				many, known := got.Cost(model, usage.Tokens{Input: 1, Output: 3, Reasoning: 1, CacheRead: 3, CacheWrite: 4, CacheWrite1h: 5}, o)
				if few < 0 || many < few || !known {
					t.Errorf("%q: %s, one token more: %s, known %v", model, few, many, known)
				}
			}
		}
		if again := got.With(got); again.Version() != got.Version() {
			t.Error("the same prices have two versions")
		}
	})
}
