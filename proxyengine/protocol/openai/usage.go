package openai

import (
	"crs/internal/jsonscan"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// tally is what has been counted so far.
type tally struct {
	provider.Tally
	last []byte // the usage object that came last
}

// figures is a usage object, under the names of Responses and of chat completions alike (protocols.md, E.4).
type figures struct{ input, output, total, cached, written, reasoning int64 }

// readFigures is false when the object holds none of them.
func readFigures(raw []byte) (f figures, ok bool) {
	s := jsonscan.Top(raw)
	for s.Next() {
		switch string(s.Key) {
		case "input_tokens", "prompt_tokens":
			ok = provider.TakeFigure(&f.input, s.Value) || ok
		case "output_tokens", "completion_tokens":
			ok = provider.TakeFigure(&f.output, s.Value) || ok
		case "total_tokens":
			ok = provider.TakeFigure(&f.total, s.Value) || ok
		case "input_tokens_details", "prompt_tokens_details":
			provider.TakeFigure(&f.cached, jsonscan.Get(s.Value, "cached_tokens"))
			provider.TakeFigure(&f.written, jsonscan.Get(s.Value, "cache_write_tokens"))
		case "output_tokens_details", "completion_tokens_details":
			provider.TakeFigure(&f.reasoning, jsonscan.Get(s.Value, "reasoning_tokens"))
		case "cached_tokens", "prompt_cache_hit_tokens": // as some compatible endpoints say it
			provider.TakeFigure(&f.cached, s.Value)
		}
	}
	return f, ok && s.Err() == nil
}

// tokens counts the upstream's way: its input includes what was cached, its output what was thought. Some endpoints leave
// the thoughts out of the output, which shows in the total.
func (f figures) tokens() usage.Tokens {
	if f.reasoning > 0 && f.total > 0 && f.total == f.input+f.output+f.reasoning {
		f.output += f.reasoning
	}
	return usage.Tokens{
		Input: max(f.input-f.cached-f.written, 0), Output: f.output,
		CacheRead: f.cached, CacheWrite: f.written, Reasoning: min(f.reasoning, f.output),
	}
}

// told takes what an answer says of itself, and reports whether there are figures.
func (t *tally) told(model, tier, figures []byte) bool {
	provider.TakeName(&t.Count.Model, model)
	provider.TakeName(&t.Count.Pricing.ServiceTier, tier)
	return t.take(figures)
}

// take puts a usage object in the place of an earlier one: each is the whole of it.
func (t *tally) take(raw []byte) bool {
	if len(raw) == 0 || raw[0] != '{' {
		return false
	}
	f, ok := readFigures(raw)
	if !ok {
		return false
	}
	t.Count.Tokens, t.Count.Seen = f.tokens(), true
	if t.last = t.last[:0]; len(raw) <= provider.MostRaw {
		t.last = append(t.last, raw...)
	}
	return true
}
