package pricing_test

import (
	"slices"
	"testing"

	"crs/internal/pricing"
	"crs/internal/usage"
)

// The vectors of protocols.md L.5.
func TestKnownRequestsCostWhatTheyCost(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		model string
		used  usage.Tokens
		want  string
	}{
		"claude with cache":       {"claude-sonnet-4-5", usage.Tokens{Input: 3, Output: 57, CacheWrite: 1200, CacheRead: 20000}, "$0.011364"},
		"openai with cache":       {"gpt-5.2", usage.Tokens{Input: 2000, CacheRead: 8000, Output: 500}, "$0.0119"},
		"gemini in its 200k tier": {"gemini-2.5-pro", usage.Tokens{Input: 250_000, Output: 1500, Reasoning: 500}, "$0.6475"},
		"a write for an hour":     {"claude-opus-4-6", usage.Tokens{CacheWrite1h: 1000}, "$0.01"},
		"haiku below 100k":        {"claude-haiku-5-5", usage.Tokens{Input: 100_000, Output: 1000}, "$0.0105"},
		"haiku above 100k":        {"claude-haiku-5-5", usage.Tokens{Input: 1, CacheRead: 100_000, Output: 1000}, "$0.0075005"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cost, known := cost(pricing.Embedded(), tt.model, tt.used, asked{})
			if cost.String() != tt.want || !known {
				t.Errorf("%s, known %v; want %s", cost, known, tt.want)
			}
		})
	}
}

// The starter table of protocols.md J.4: USD per million tokens.
func TestTheEmbeddedTableHasEveryModel(t *testing.T) {
	t.Parallel()
	type row struct{ in, out, write5m, write1h, read string }
	opus := row{"$5.00", "$25.00", "$6.25", "$10.00", "$0.50"}
	oldOpus := row{"$15.00", "$75.00", "$18.75", "$30.00", "$1.50"}
	sonnet := row{"$3.00", "$15.00", "$3.75", "$6.00", "$0.30"}
	gpt := func(in, out, read string) row { return row{in, out, in, in, read} }
	want := map[string]row{
		"claude-opus-4-6": opus, "claude-opus-4-6-20260205": opus, "claude-opus-4-5": opus, "claude-opus-4-5-20251101": opus,
		"claude-opus-4-7": opus, "claude-opus-4-8": opus, "claude-opus-5": opus,
		"claude-opus-4-1": oldOpus, "claude-opus-4-1-20250805": oldOpus, "claude-opus-4": oldOpus, "claude-opus-4-20250514": oldOpus,
		"claude-3-opus": oldOpus, "claude-sonnet-4-6": sonnet, "claude-sonnet-4-5": sonnet, "claude-sonnet-4-5-20250929": sonnet,
		"claude-sonnet-4": sonnet, "claude-sonnet-4-20250514": sonnet, "claude-3-7-sonnet": sonnet, "claude-3-5-sonnet": sonnet,
		"claude-haiku-4-5":          {"$1.00", "$5.00", "$1.25", "$2.00", "$0.10"},
		"claude-haiku-4-5-20251001": {"$1.00", "$5.00", "$1.25", "$2.00", "$0.10"},
		"claude-3-5-haiku":          {"$0.80", "$4.00", "$1.00", "$1.60", "$0.08"},
		"claude-3-haiku":            {"$0.25", "$1.25", "$0.30", "$0.50", "$0.03"},
		"claude-fable-5":            {"$10.00", "$50.00", "$12.50", "$20.00", "$1.00"},
		"claude-fable-5-1":          {"$10.00", "$50.00", "$12.50", "$20.00", "$0.25"},
		"claude-opus-5-5":           {"$4.00", "$20.00", "$5.00", "$8.00", "$0.20"},
		"claude-sonnet-5":           {"$2.00", "$10.00", "$2.50", "$4.00", "$0.20"},
		"claude-sonnet-5-5":         {"$2.00", "$10.00", "$2.50", "$4.00", "$0.10"},
		"claude-haiku-5-5":          {"$0.10", "$0.50", "$0.125", "$0.20", "$0.01"},
		"gpt-5":                     gpt("$1.25", "$10.00", "$0.125"), "gpt-5-codex": gpt("$1.25", "$10.00", "$0.125"),
		"gpt-5-chat-latest": gpt("$1.25", "$10.00", "$0.125"), "gpt-5.1": gpt("$1.25", "$10.00", "$0.125"),
		"gpt-5.1-codex": gpt("$1.25", "$10.00", "$0.125"), "gpt-5.1-codex-max": gpt("$1.25", "$10.00", "$0.125"),
		"gpt-5.1-chat-latest": gpt("$1.25", "$10.00", "$0.125"), "gpt-5-mini": gpt("$0.25", "$2.00", "$0.025"),
		"gpt-5.1-codex-mini": gpt("$0.25", "$2.00", "$0.025"), "gpt-5-nano": gpt("$0.05", "$0.40", "$0.005"),
		"gpt-5-pro": gpt("$15.00", "$120.00", "$15.00"), "gpt-5.2": gpt("$1.75", "$14.00", "$0.175"),
		"gpt-5.2-codex": gpt("$1.75", "$14.00", "$0.175"), "gpt-5.3-codex": gpt("$1.75", "$14.00", "$0.175"),
		"gpt-5.3-codex-spark": gpt("$1.75", "$14.00", "$0.175"), "gpt-5.2-pro": gpt("$21.00", "$168.00", "$21.00"),
		"gpt-4.1": gpt("$2.00", "$8.00", "$0.50"), "gpt-4.1-mini": gpt("$0.40", "$1.60", "$0.10"),
		"gpt-4.1-nano": gpt("$0.10", "$0.40", "$0.025"), "gpt-4o": gpt("$2.50", "$10.00", "$1.25"),
		"gpt-4o-mini": gpt("$0.15", "$0.60", "$0.075"), "o3": gpt("$2.00", "$8.00", "$0.50"), "o4-mini": gpt("$1.10", "$4.40", "$0.275"),
		"gpt-5.4": gpt("$2.50", "$15.00", "$0.25"), "gpt-5.4-mini": gpt("$0.75", "$4.50", "$0.075"), "gpt-5.5": gpt("$5.00", "$30.00", "$0.50"),
		"gpt-5.6-sol":            {"$4.00", "$20.00", "$5.00", "$5.00", "$0.40"},
		"gpt-5.6-terra":          {"$2.00", "$12.00", "$2.50", "$2.50", "$0.20"},
		"gpt-5.6-luna":           {"$0.20", "$1.20", "$0.25", "$0.25", "$0.02"},
		"gemini-2.5-pro":         gpt("$1.25", "$10.00", "$0.125"),
		"gemini-2.5-flash":       gpt("$0.30", "$2.50", "$0.03"),
		"gemini-2.5-flash-lite":  gpt("$0.10", "$0.40", "$0.01"),
		"gemini-3-pro-preview":   gpt("$2.00", "$12.00", "$0.20"),
		"gemini-3.1-pro-preview": gpt("$2.00", "$12.00", "$0.20"),
		"gemini-3-flash":         gpt("$0.50", "$3.00", "$0.05"), "gemini-3-flash-preview": gpt("$0.50", "$3.00", "$0.05"),
		"gemini-2.5-flash-image":     gpt("$0.30", "$2.50", "$0.30"),
		"gemini-3-pro-image-preview": gpt("$2.00", "$12.00", "$2.00"),
	}
	table := pricing.Embedded()
	for model, w := range want {
		m, ok := table.Lookup(model, today)
		if !ok || m.How != pricing.Exact {
			t.Errorf("%s is not in the table", model)
			continue
		}
		r := m.Price.Standard()
		got := row{
			r[usage.Input].PerMillion().String(), r[usage.Output].PerMillion().String(), r[usage.CacheWrite5m].PerMillion().String(),
			r[usage.CacheWrite1h].PerMillion().String(), r[usage.CacheRead].PerMillion().String(),
		}
		if got != w {
			t.Errorf("%s: %v, want %v", model, got, w)
		}
	}
}

func TestModelsAreListedInOrder(t *testing.T) {
	t.Parallel()
	models := pricing.Embedded().Models()
	if !slices.IsSorted(models) || len(models) < 70 || slices.Contains(models, "sample_spec") {
		t.Errorf("%d models: %v", len(models), models)
	}
}
