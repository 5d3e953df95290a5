package pricing

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"crs/internal/usage"
)

// modelsDev reads a table in the format of models.dev: providers, each with models, each with its cost in USD for a million tokens.
type modelsDev struct{ *reader }

type devProvider struct {
	Models map[string]json.RawMessage `json:"models"`
}

type devModel struct {
	Cost  devCost `json:"cost"`
	Limit struct {
		Context int64 `json:"context"`
		Output  int64 `json:"output"`
	} `json:"limit"`
	LastUpdated  string `json:"last_updated"`
	Experimental struct {
		Modes map[string]struct {
			Cost devCost `json:"cost"`
		} `json:"modes"`
	} `json:"experimental"`
}

// devCost has rates by their names, and lists of rates for longer prompts.
type devCost map[string]json.RawMessage

var devKinds = map[string]usage.Kind{
	"input": usage.Input, "output": usage.Output, "reasoning": usage.Reasoning, "cache_read": usage.CacheRead, "cache_write": usage.CacheWrite5m,
	"input_audio": usage.AudioInput, "output_audio": usage.AudioOutput,
}

// devVendors are the providers that sell their own models: those have no prefix. Amazon's ids are Bedrock's.
var devVendors = map[string]string{
	"anthropic": "anthropic", "openai": "openai", "google": gemini, "xai": "xai", "deepseek": "deepseek", "mistral": "mistral", "moonshotai": "moonshot",
	"zai": "zai", "alibaba": "alibaba", "minimax": "minimax", "llama": "meta", "meta": "meta", "xiaomi": "xiaomi", "amazon-bedrock": "bedrock",
}

// formatOf finds out what format a table has: only that of models.dev has models in its entries.
func formatOf(entries map[string]json.RawMessage) string {
	for _, doc := range entries {
		var p devProvider
		if json.Unmarshal(doc, &p) == nil && p.Models != nil {
			return ModelsDev
		}
	}
	return LiteLLM
}

func (d modelsDev) each(providers map[string]json.RawMessage, add func(string, *row)) {
	for _, id := range slices.Sorted(maps.Keys(providers)) {
		var p devProvider
		if err := json.Unmarshal(providers[id], &p); err != nil {
			d.refuse(id, "", err.Error())
			continue
		}
		vendor, own := devVendors[id]
		for _, model := range slices.Sorted(maps.Keys(p.Models)) {
			name := model
			if !own {
				name, vendor = id+"/"+model, id
			}
			add(name, d.entry(name, vendor, p.Models[model]))
		}
	}
}

func (d modelsDev) entry(name, vendor string, doc json.RawMessage) *row {
	var m devModel
	if err := json.Unmarshal(doc, &m); err != nil {
		d.refuse(name, "", err.Error())
		return nil
	}
	r := newRow(name)
	r.about = Price{Provider: vendor, Mode: "chat", MaxInput: max(0, m.Limit.Context), MaxOutput: max(0, m.Limit.Output)}
	if strings.Contains(name, "embed") || strings.Contains(name, "rerank") { // it does not say that they answer with no text
		r.about.Mode = "embedding"
	}
	r.about.AsOf, _ = ParseDay(m.LastUpdated)
	d.cost(name, r, m.Cost, "")
	for _, mode := range slices.Sorted(maps.Keys(m.Experimental.Modes)) {
		d.cost(name, r, m.Experimental.Modes[mode].Cost, mode)
	}
	return r
}

// cost takes the rates of a tier, with their steps.
func (d modelsDev) cost(name string, r *row, cost devCost, tier string) {
	d.rates(name, r, cost, 0, tier)
	steps := cost.steps()
	if steps == nil && cost["context_over_200k"] != nil {
		var long devCost
		_ = json.Unmarshal(cost["context_over_200k"], &long)
		d.rates(name, r, long, 200_000, tier)
	}
	for _, step := range steps {
		var size struct {
			Type string      `json:"type"`
			Size json.Number `json:"size"`
		}
		above, _, err := int64(0), false, json.Unmarshal(step["tier"], &size)
		if err == nil {
			above, _, err = parseDecimal(size.Size.String(), 0)
		}
		if err != nil || above == 0 || size.Type != "" && size.Type != "context" {
			d.refuse(name, "tiers", "is for something other than a length of the prompt")
			continue
		}
		d.rates(name, r, step, above, tier)
	}
}

func (c devCost) steps() (steps []devCost) {
	_ = json.Unmarshal(c["tiers"], &steps)
	return steps
}

func (d modelsDev) rates(name string, r *row, cost devCost, above int64, tier string) {
	for _, field := range slices.Sorted(maps.Keys(cost)) {
		k, ok := devKinds[field]
		switch {
		case ok:
			d.rate(name, r, point{k, r.about.reaches(above), tier}, field, cost[field])
		case field != "tiers" && field != "tier" && field != "context_over_200k":
			d.notUnderstood(name, field, cost[field])
		}
	}
}
