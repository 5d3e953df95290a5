package pricing_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"crs/internal/pricing"
	"crs/internal/usage"
)

func models(names ...string) string {
	entries := make([]string, len(names))
	for i, name := range names {
		entries[i] = `"` + name + `":{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6}`
	}
	return "{" + strings.Join(entries, ",") + "}"
}

func TestAModelIsFoundByWhatIsLeftOfItsName(t *testing.T) {
	t.Parallel()
	known := table(t, models("claude-opus-4-5", "claude-opus-4-20250514", "claude-opus-4-6", "gpt-5", "gpt-5.1-codex-max", "gemini-2.5-flash",
		"gemini-3-pro-preview", "o3-mini", "azure/gpt-5", "deepseek", "anthropic.claude-opus-4-5", "o3"))
	tests := map[string]struct {
		name string
		how  pricing.How
	}{
		"claude-opus-4-5":                                {"claude-opus-4-5", pricing.Exact},
		"claude-opus-4-20250514":                         {"claude-opus-4-20250514", pricing.Exact},
		"gemini-3-pro-preview":                           {"gemini-3-pro-preview", pricing.Exact},
		"gpt-5.1-codex-max":                              {"gpt-5.1-codex-max", pricing.Exact},
		"azure/gpt-5":                                    {"azure/gpt-5", pricing.Exact},
		"claude-opus-4-5[1m]":                            {"claude-opus-4-5", pricing.Context},
		"anthropic/claude-opus-4-5":                      {"claude-opus-4-5", pricing.Vendor},
		"anthropic/claude-opus-4-5[1m]":                  {"claude-opus-4-5", pricing.Vendor},
		"openai/gpt-5":                                   {"gpt-5", pricing.Vendor},
		"azure/o3":                                       {"o3", pricing.Vendor},
		"gemini/gemini-2.5-flash":                        {"gemini-2.5-flash", pricing.Vendor},
		"models/gemini-2.5-flash":                        {"gemini-2.5-flash", pricing.Vendor},
		"gemini/models/gemini-2.5-flash":                 {"gemini-2.5-flash", pricing.Vendor},
		"somebody,gpt-5":                                 {"gpt-5", pricing.Vendor},
		"eu.anthropic.claude-opus-4-5":                   {"anthropic.claude-opus-4-5", pricing.Bedrock},
		"anthropic.claude-opus-4-6":                      {"claude-opus-4-6", pricing.Bedrock},
		"anthropic.claude-opus-4-6-v1":                   {"claude-opus-4-6", pricing.Bedrock},
		"global.anthropic.claude-opus-4-20250514-v1:0":   {"claude-opus-4-20250514", pricing.Bedrock},
		"us-gov.anthropic.claude-opus-4-6-20260205-v2:0": {"claude-opus-4-6", pricing.Date},
		"claude-opus-4-5-20251101":                       {"claude-opus-4-5", pricing.Date},
		"gpt-5-2025-08-07":                               {"gpt-5", pricing.Date},
		"claude-opus-4-5-latest":                         {"claude-opus-4-5", pricing.Suffix},
		"gemini-2.5-flash-preview":                       {"gemini-2.5-flash", pricing.Suffix},
		"claude-opus-4-5-thinking":                       {"claude-opus-4-5", pricing.Suffix},
		"claude-opus-4-20250514-thinking":                {"claude-opus-4-20250514", pricing.Suffix},
		"claude-opus-4-5-20251101-thinking":              {"claude-opus-4-5", pricing.Suffix},
		"gemini-2.5-flash-preview-2025-09-25":            {"gemini-2.5-flash", pricing.Suffix},
		"o3-mini-high":                                   {"o3-mini", pricing.Suffix},
		"openai/gpt-5-2025-08-07-minimal":                {"gpt-5", pricing.Suffix},
	}
	for model, tt := range tests {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			m, ok := known.Lookup(model, today)
			if !ok || m.Name != tt.name || m.How != tt.how || m.Price == nil {
				t.Errorf("found %q (%s), %v; want %q (%s)", m.Name, m.How, ok, tt.name, tt.how)
			}
		})
	}
}

func TestAModelThatOnlyResemblesAnotherHasNoPrice(t *testing.T) {
	t.Parallel()
	known := table(t, models("claude-opus-4-5", "gpt-5", "deepseek", "o3"))
	for _, model := range []string{
		"", "-", "-latest", "[1m]", "anthropic/", ",", "us.", "gpt", "gpt-5.5", "gpt-5-mini", "gpt-50", "GPT-50", "my-gpt-5", "gpt-5-max", "claude-opus-4-5-",
		"claude-opus-4", "claude-opus-4-55", "deepseek-v3", "deepseek-v3:1", "o3-mini", "gpt-5-1234567", "gpt-5-20251", "gpt-5-2025-8-07", "gpt-5-19991231",
		"claude-opus-4-5-v", "claude-opus-4-5-v1:", "claude-opus-4-5-v1:x", "xx.anthropic.claude-opus-4-5", "mygpt-5,", "bedrock/claude-opus-4-5", "claude-opus-4-5[2m]",
	} {
		if m, ok := known.Lookup(model, today); ok {
			t.Errorf("%q has the price of %s (%s)", model, m.Name, m.How)
		}
		if cost, ok := cost(known, model, usage.Tokens{Input: 1e6}, asked{}); cost != 0 || ok {
			t.Errorf("%q costs %s, known %v", model, cost, ok)
		}
	}
}

func TestCapitalLettersAndWhoPublishesAModelDoNotCount(t *testing.T) {
	t.Parallel()
	known := pricing.Embedded().Overridden(overrides(t, models("Acme-1", "ACME-1", "acme-2", "Acme-2", "x/Lonely", "x/shared", "y/Shared")))
	for model, want := range map[string]struct {
		name string
		how  pricing.How
	}{
		"minimax-m3":                   {"MiniMax-M3", pricing.Case},
		"MiniMaxAI/MiniMax-M3":         {"MiniMax-M3", pricing.Vendor},
		"minimaxai/minimax-m3":         {"MiniMax-M3", pricing.Vendor},
		"zai-org/GLM-5.3":              {"glm-5.3", pricing.Vendor},
		"moonshotai/Kimi-K3":           {"kimi-k3", pricing.Vendor},
		"deepseek-ai/DeepSeek-V4-Pro":  {"deepseek-v4-pro", pricing.Vendor},
		"GPT-5":                        {"gpt-5", pricing.Case},
		"OpenAI/GPT-5-2099-01-01":      {"gpt-5", pricing.Date},
		"Claude-Opus-4-8[1M]":          {"claude-opus-4-8", pricing.Context},
		"US.Anthropic.Claude-Opus-4-8": {"us.anthropic.claude-opus-4-8", pricing.Case},
		"acme-2":                       {"acme-2", pricing.Exact},
		"z/acme-2":                     {"acme-2", pricing.Vendor},
		"lonely":                       {"x/Lonely", pricing.Bare},
		"z/Lonely":                     {"x/Lonely", pricing.Vendor},
		"Acme-1":                       {"Acme-1", pricing.Exact},
		"acme-1":                       {}, // which of the two?
		"aCME-2":                       {},
		"SHARED":                       {},
		"a/b/glm-5.3":                  {},
		"/glm-5.3":                     {},
		"bedrock/gpt-5":                {},
		"arn:aws:bedrock:us-east-1:1:x/glm-5.3-nope": {},
	} {
		if m, ok := known.Lookup(model, today); m.Name != want.name || ok != (want.name != "") || ok && m.How != want.how {
			t.Errorf("%s: %q (%s), %v; want %q (%s)", model, m.Name, m.How, ok, want.name, want.how)
		}
	}
}

// Clients may make up any number of names, at the same time.
func TestAnyNumberOfNamesIsLookedUp(t *testing.T) {
	t.Parallel()
	known := pricing.Embedded()
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for n := range 1000 {
				made := fmt.Sprintf("us.anthropic.claude-opus-4-8-%d-%d", worker, n)
				if m, ok := known.Lookup(made, today); ok {
					t.Errorf("%s has the price of %s", made, m.Name)
				}
				if m, ok := known.Lookup("ca.anthropic.claude-opus-4-8", today); !ok || m.How != pricing.Bedrock {
					t.Errorf("%+v, %v", m, ok)
				}
				known.Dearest("openai", today.AddDate(0, 0, n%2))
			}
		})
	}
	all.Wait()
}

func FuzzLookup(f *testing.F) {
	known := pricing.Embedded()
	for _, seed := range []string{"us.anthropic.claude-opus-4-5-20251101-v1:0", "anthropic.claude-opus-5", "azure/us/gpt-4o", "arn:aws:bedrock:::/x.", "gpt-4o@default", "a,b,c", "-v:", "[1m][1m]", "--2025-01-01-latest"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, model string) {
		m, ok := known.Lookup(model, today)
		part := m.Name
		if geo, id, ok := strings.Cut(part, "."); ok && m.How == pricing.Bedrock && len(geo) <= len("us-gov") {
			part = id // another region's row of the same id
		}
		if ok && !strings.Contains(strings.ToLower(model), strings.ToLower(part)) {
			t.Errorf("%q has the price of %q, which is no part of it", model, m.Name)
		}
		if _, again := known.Lookup(model, today); again != ok {
			t.Errorf("%q is found once and not again", model)
		}
	})
}
