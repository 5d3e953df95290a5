package pricing_test

import (
	"slices"
	"testing"
	"time"

	"crs/internal/pricing"
	"crs/internal/usage"
)

func day(t *testing.T, text string) pricing.Day {
	t.Helper()
	d, err := pricing.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestThePriceWhoseDataIsNewerWins(t *testing.T) {
	t.Parallel()
	own := pricing.Embedded()
	const doc = `{"gpt-5":{"input_cost_per_token":9e-6,"output_cost_per_token":9e-6},"new":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6},
		"codex-auto-review":{"input_cost_per_token":2e-6,"output_cost_per_token":2e-6},"gpt-5-codex":{"input_cost_per_token":8e-6,"output_cost_per_token":8e-6}}`
	for name, tt := range map[string]struct {
		asOf                    string
		gpt5, codex, autoReview string
		kept                    []string
	}{
		"newer than all": {"2026-11-30", "$9.00", "$8.00", "$2.00", nil},
		"than some":      {"2026-10-01", "$1.25", "$8.00", "$0.00", []string{"codex-auto-review", "gpt-5"}},
		"the same day":   {"2026-11-20", "$1.25", "$8.00", "$0.00", []string{"codex-auto-review", "gpt-5"}},
		"older":          {"2026-08-06", "$1.25", "$1.25", "$0.00", []string{"codex-auto-review", "gpt-5", "gpt-5-codex"}},
		"without a date": {"", "$1.25", "$1.25", "$0.00", []string{"codex-auto-review", "gpt-5", "gpt-5-codex"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := own.Updated(read(t, doc, pricing.Origin{AsOf: day(t, tt.asOf)}).Table, false)
			got := done.Table
			if !slices.Equal(done.Kept, tt.kept) || done.Implausible != nil {
				t.Errorf("kept %q, %v", done.Kept, done.Implausible)
			}
			for model, want := range map[string]string{"gpt-5": tt.gpt5, "gpt-5-codex": tt.codex, "codex-auto-review": tt.autoReview, "new": "$1.00"} {
				if cost, _ := cost(got, model, usage.Tokens{Input: 1e6}, asked{}); cost.String() != want {
					t.Errorf("%s: %s, want %s", model, cost, want)
				}
			}
		})
	}
}

// A newer price takes the place of that of its day. Those of other days stay, and so does what it does not speak of.
func TestANewerPriceKeepsWhatItDoesNotSay(t *testing.T) {
	t.Parallel()
	got := pricing.Embedded().Updated(read(t, `{
		"gemini-4-carbon":{"input_cost_per_token":5e-6,"output_cost_per_token":2e-5,"litellm_provider":"vertex_ai-language-models"},
		"gemini-3.8-flash":{"input_cost_per_token":7.5e-7,"output_cost_per_token":3.75e-6},
		"claude-haiku-5-5":{"input_cost_per_token":1e-7,"output_cost_per_token":5e-7},
		"gpt-5.6-sol":{"input_cost_per_token":4e-6,"output_cost_per_token":2e-5,"input_cost_per_token_priority":9e-6,"litellm_provider":"openai"},
		"gpt-5.5":{"input_cost_per_token":4e-6,"output_cost_per_token":2e-5,"input_cost_per_token_priority":8e-6}}`, pricing.Origin{AsOf: day(t, "2026-12-10"), Source: "elsewhere"}).Table, false).Table
	at := func(text string) time.Time { return day(t, text).Time() }
	for _, tt := range []struct {
		day  string
		item usage.Item
		want string
	}{
		{"2026-11-30", usage.Item{Model: "gemini-4-carbon"}, "$2.00"},
		{"2026-12-01", usage.Item{Model: "gemini-4-carbon"}, "$5.00"},
		{"2026-12-01", usage.Item{Model: "gemini-4-carbon", Tier: "priority"}, "$9.00"},
		{"2026-12-31", usage.Item{Model: "gemini-3.8-flash"}, "$0.75"},
		{"2027-01-01", usage.Item{Model: "gemini-3.8-flash"}, "$1.50"}, // as announced
		{"2026-12-31", usage.Item{Model: "claude-haiku-5-5", Prompt: 100_001}, "$0.50"},
		{"2026-12-31", usage.Item{Model: "claude-haiku-5-5", Kind: usage.CacheRead}, "$0.01"},
		{"2026-12-31", usage.Item{Model: "gpt-5.6-sol", Tier: "fast"}, "$9.00"},
		{"2026-12-31", usage.Item{Model: "gpt-5.6-sol", Tier: "fast", Prompt: 300_000}, "$16.00"},
		{"2026-12-31", usage.Item{Model: "gpt-5.6-sol", Prompt: 300_000}, "$8.00"},
		{"2026-12-31", usage.Item{Model: "gpt-5.5", Tier: "priority"}, "$8.00"},
		{"2026-12-31", usage.Item{Model: "gpt-5.5", Tier: "flex", Region: "us"}, "$2.20"},
		{"2026-12-31", usage.Item{Model: "gpt-5.5", Prompt: 300_000}, "$8.00"}, // another price, and as before twice as much
	} {
		tt.item.Amount = 1_000_000
		if cost, known := got.CostOf([]usage.Item{tt.item}, at(tt.day)); cost.String() != tt.want || !known {
			t.Errorf("%s on %s: %s, known %v; want %s", tt.item, tt.day, cost, known, tt.want)
		}
	}
	p := find(t, got, "gemini-4-carbon")
	if p.Provider != "gemini" || p.Source != "elsewhere" || p.AsOf != day(t, "2026-12-10") || len(got.Periods("gemini-4-carbon")) != 2 {
		t.Errorf("%+v", p)
	}
}

func TestAnOperatorsPriceHoldsOnEveryDay(t *testing.T) {
	t.Parallel()
	got := pricing.Embedded().Overridden(overrides(t, `{"gemini-4-carbon":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6},
		"gpt-5.5":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6}}`))
	for _, text := range []string{"2026-01-01", "2026-11-30", "2026-12-01", "2028-01-01"} {
		items := []usage.Item{{Model: "gemini-4-carbon", Amount: 1_000_000, Prompt: 300_000}, {Model: "gemini-4-carbon", Kind: usage.WebSearch, Amount: 1}}
		if cost, known := got.CostOf(items, day(t, text).Time()); cost.String() != "$1.014" || !known {
			t.Errorf("%s: %s, known %v", text, cost, known)
		}
	}
	long := []usage.Item{{Model: "gpt-5.5", Amount: 1_000_000, Prompt: 300_000, Tier: "flex", Region: "us"}}
	if cost, _ := got.CostOf(long, today); cost.String() != "$0.55" {
		t.Errorf("half in flex and a tenth more in a region, at any length: %s", cost)
	}
}

func TestTheFirstPeriodHoldsBeforeItAndTheLastAfterIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2020-01-01": "$5.00", "2026-08-20": "$5.00", "2026-08-21": "$4.00", "2040-01-01": "$4.00", "1960-01-01": "$5.00",
	} {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		if cost, _ := pricing.Embedded().CostOf([]usage.Item{{Model: "gpt-5.6", Amount: 1_000_000}}, at); cost.String() != want {
			t.Errorf("%s: %s, want %s", text, cost, want)
		}
	}
}

func TestOurOwnTableSaysOfWhenItIs(t *testing.T) {
	t.Parallel()
	own := pricing.Embedded()
	if own.AsOf().String() != "2026-11-24" {
		t.Errorf("it is of %s", own.AsOf())
	}
	for _, name := range own.Models() {
		all := own.Periods(name)
		for i, p := range all {
			if p.AsOf == 0 || p.Source == "" || p.Provider == "" || p.Mode == "" {
				t.Errorf("%s: %+v", name, p)
			}
			if i > 0 && all[i-1].Until != 0 && all[i-1].Until+1 != p.From {
				t.Errorf("%s: a period until %s is followed by one from %s", name, all[i-1].Until, p.From)
			}
		}
	}
}

func TestATableWithTooManyModelsIsAnError(t *testing.T) {
	t.Parallel()
	table := func(n int) []byte {
		doc := []byte("{")
		for i := range n {
			doc = append(doc, `"m`...)
			for j := i; ; j /= 26 {
				doc = append(doc, byte('a'+j%26))
				if j < 26 {
					break
				}
			}
			doc = append(doc, `":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6},`...)
		}
		return append(doc[:len(doc)-1], '}')
	}
	got, err := pricing.Parse(table(10_000), pricing.Origin{})
	if err != nil || len(got.Table.Models()) != 10_000 {
		t.Errorf("ten thousand: %v", err)
	}
	if _, err := pricing.Parse(table(100_001), pricing.Origin{}); err == nil || err.Error() != "read price table: it has more than 100000 models" {
		t.Errorf("a hundred thousand and one: %v", err)
	}
}
