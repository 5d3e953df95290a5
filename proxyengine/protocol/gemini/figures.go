package gemini

import (
	"cmp"
	"strings"

	"crs/internal/jsonscan"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// figures is a usage object (protocols.md, D.3). Its prompt includes what was cached, its candidates exclude thoughts.
type figures struct {
	tokens usage.Tokens
	also   usage.Amounts
	tier   string
}

// modality is a kind of tokens that prices may know, in the parts of a usage object.
type modality struct {
	name                  string
	input, cached, output usage.Kind // Kinds: it is priced as the rest there
}

var modalities = [...]modality{
	{"IMAGE", usage.ImageInput, usage.ImageCacheRead, usage.ImageOutput},
	{"AUDIO", usage.AudioInput, usage.AudioCacheRead, usage.AudioOutput},
	{"VIDEO", usage.VideoInput, usage.Kinds, usage.Kinds},
}

// readFigures reads a usage object. What is none of its figures counts as nothing.
func readFigures(object []byte) (f figures) {
	var prompt, cached, candidates, thoughts, tools, service, traffic, prompts, caches, outputs, toolPrompts jsonscan.Part
	want := jsonscan.Want
	_ = jsonscan.Read(object, want("promptTokenCount", &prompt), want("cachedContentTokenCount", &cached), want("candidatesTokenCount", &candidates),
		want("thoughtsTokenCount", &thoughts), want("toolUsePromptTokenCount", &tools), want("serviceTier", &service), want("trafficType", &traffic),
		want("promptTokensDetails", &prompts), want("cacheTokensDetails", &caches), want("candidatesTokensDetails", &outputs),
		want("toolUsePromptTokensDetails", &toolPrompts))
	t := &f.tokens
	t.CacheRead, t.Reasoning = count(cached), count(thoughts)
	t.Input, t.Output = max(count(prompt)+count(tools)-t.CacheRead, 0), count(candidates)+t.Reasoning
	f.details(prompts.Raw, func(m *modality) usage.Kind { return m.input })
	f.details(toolPrompts.Raw, func(m *modality) usage.Kind { return m.input })
	f.details(caches.Raw, func(m *modality) usage.Kind { return m.cached })
	f.details(outputs.Raw, func(m *modality) usage.Kind { return m.output })
	f.also[usage.ImageInput] = max(f.also[usage.ImageInput]-f.also[usage.ImageCacheRead], 0) // the prompt's include what was cached
	f.also[usage.AudioInput] = max(f.also[usage.AudioInput]-f.also[usage.AudioCacheRead], 0)
	f.tier = cmp.Or(tierOf(traffic.Raw), tierOf(service.Raw))
	return f
}

// details adds up a list of tokens by modality.
func (f *figures) details(list []byte, kindOf func(*modality) usage.Kind) {
	s := jsonscan.Array(list)
	for s.Next() {
		for i := range modalities {
			m := &modalities[i]
			if kind := kindOf(m); kind < usage.Kinds && jsonscan.Equal(jsonscan.Get(s.Value, "modality"), m.name) {
				n, _ := provider.NearFigure(jsonscan.Get(s.Value, "tokenCount"))
				f.also[kind] += n
			}
		}
	}
}

// count reads a figure. What is none counts as nothing.
func count(figure jsonscan.Part) int64 {
	n, _ := provider.NearFigure(figure.Raw)
	return n
}

// tierOf is the service tier as prices know it: from serviceTier (priority) or trafficType (ON_DEMAND_PRIORITY).
func tierOf(raw []byte) string {
	text, _ := jsonscan.String(raw)
	text = strings.ToLower(text)
	for _, tier := range []string{"priority", "flex", "batch"} {
		if text == tier || strings.HasSuffix(text, "_"+tier) {
			return tier
		}
	}
	return ""
}
