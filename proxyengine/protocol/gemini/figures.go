package gemini

import (
	"bytes"
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
	// prompt and cached are as the upstream counts them; untold is what of the candidates has no modality.
	prompt, cached, untold int64
}

// modality is a kind of tokens that prices may know, in the parts of a usage object.
type modality struct {
	name                  string
	input, cached, output usage.Kind // Kinds: it is priced as the rest there
}

var modalities = [...]modality{
	{"IMAGE", usage.ImageInput, usage.ImageCacheRead, usage.ImageOutput},
	{"AUDIO", usage.AudioInput, usage.AudioCacheRead, usage.AudioOutput},
	{"VIDEO", usage.VideoInput, usage.Kinds, usage.VideoOutput},
}

// readFigures reads a usage object. What is none of its figures counts as nothing.
func readFigures(object []byte) (f figures) {
	var prompt, cached, candidates, thoughts, tools, total, service, traffic, prompts, caches, outputs, toolPrompts jsonscan.Part
	want := jsonscan.Want
	_ = jsonscan.Read(object, want("promptTokenCount", &prompt), want("cachedContentTokenCount", &cached), want("candidatesTokenCount", &candidates),
		want("thoughtsTokenCount", &thoughts), want("toolUsePromptTokenCount", &tools), want("totalTokenCount", &total), want("serviceTier", &service), want("trafficType", &traffic),
		want("promptTokensDetails", &prompts), want("cacheTokensDetails", &caches), want("candidatesTokensDetails", &outputs),
		want("toolUsePromptTokensDetails", &toolPrompts))
	t := &f.tokens
	f.prompt, f.cached = count(prompt)+count(tools), count(cached)
	t.CacheRead, t.Reasoning = f.cached, count(thoughts)
	t.Input, t.Output = max(f.prompt-f.cached, 0), count(candidates)+t.Reasoning
	f.complete(count(total))
	f.details(prompts.Raw, func(m *modality) usage.Kind { return m.input })
	f.details(toolPrompts.Raw, func(m *modality) usage.Kind { return m.input })
	f.details(caches.Raw, func(m *modality) usage.Kind { return m.cached })
	f.untold = t.Output - t.Reasoning - f.details(outputs.Raw, func(m *modality) usage.Kind { return m.output })
	f.also[usage.ImageInput] = max(f.also[usage.ImageInput]-f.also[usage.ImageCacheRead], 0) // the prompt's include what was cached
	f.also[usage.AudioInput] = max(f.also[usage.AudioInput]-f.also[usage.AudioCacheRead], 0)
	f.tier = cmp.Or(tierOf(traffic.Raw), tierOf(service.Raw))
	return f
}

// complete derives the figure that is left out, of the prompt or of the candidates, from the total.
func (f *figures) complete(total int64) {
	t := &f.tokens
	switch {
	case f.prompt == 0:
		f.prompt = max(total-t.Output, 0)
		t.Input = max(f.prompt-f.cached, 0)
	case t.Output == t.Reasoning:
		t.Output += max(total-f.prompt-t.Output, 0)
	}
}

// countsOutput reports whether a usage object has a count of output that came by.
func countsOutput(object []byte) bool {
	for _, name := range [...]string{`"candidatesTokenCount"`, `"thoughtsTokenCount"`} {
		if at := bytes.Index(object, []byte(name)); at >= 0 {
			if value := bytes.TrimLeft(object[at+len(name):], ": \t\r\n"); len(value) > 0 && value[0] > '0' && value[0] <= '9' {
				return true
			}
		}
	}
	return bytes.Contains(object, []byte(`"totalTokenCount"`)) && readFigures(object).tokens.Output > 0
}

// details adds up a list of tokens by modality, and gives how many there are of any.
func (f *figures) details(list []byte, kindOf func(*modality) usage.Kind) (all int64) {
	s := jsonscan.Array(list)
	for s.Next() {
		n, _ := provider.NearFigure(jsonscan.Get(s.Value, "tokenCount"))
		all += n
		for i := range modalities {
			m := &modalities[i]
			if kind := kindOf(m); kind < usage.Kinds && jsonscan.Equal(jsonscan.Get(s.Value, "modality"), m.name) {
				f.also[kind] += n
			}
		}
	}
	return all
}

// count reads a figure. What is none counts as nothing.
func count(figure jsonscan.Part) int64 {
	n, _ := provider.NearFigure(figure.Raw)
	return n
}

// tierOf is the service tier as prices know it: from serviceTier (priority) or trafficType (ON_DEMAND_PRIORITY).
func tierOf(raw []byte) string { return tierNamed(provider.Word(raw)) }

func tierNamed(text string) string {
	text = strings.ToLower(text)
	for _, tier := range []string{"priority", "flex", "batch"} {
		if text == tier || strings.HasSuffix(text, "_"+tier) {
			return tier
		}
	}
	return ""
}
