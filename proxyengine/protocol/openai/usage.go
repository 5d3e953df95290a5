package openai

import (
	"bytes"
	"encoding/json"

	"crs/internal/jsonscan"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// tally is what has been counted so far.
type tally struct {
	count  provider.Count
	last   []byte // the usage object that came last
	output int64  // bytes of text that came by, for an answer that ends before its figures
}

// figures is a usage object, under the names of Responses and of chat completions alike (protocols.md, E.4).
type figures struct{ input, output, total, cached, written, reasoning int64 }

// readFigures is false when the object holds none of them.
func readFigures(raw []byte) (f figures, ok bool) {
	s := jsonscan.Top(raw)
	for s.Next() {
		switch string(s.Key) {
		case "input_tokens", "prompt_tokens":
			ok = set(&f.input, s.Value) || ok
		case "output_tokens", "completion_tokens":
			ok = set(&f.output, s.Value) || ok
		case "total_tokens":
			ok = set(&f.total, s.Value) || ok
		case "input_tokens_details", "prompt_tokens_details":
			set(&f.cached, jsonscan.Get(s.Value, "cached_tokens"))
			set(&f.written, jsonscan.Get(s.Value, "cache_write_tokens"))
		case "output_tokens_details", "completion_tokens_details":
			set(&f.reasoning, jsonscan.Get(s.Value, "reasoning_tokens"))
		case "cached_tokens", "prompt_cache_hit_tokens": // as some compatible endpoints say it
			set(&f.cached, s.Value)
		}
	}
	return f, ok && s.Err() == nil
}

func set(n *int64, raw []byte) bool {
	fresh, ok := provider.Figure(raw)
	if ok && fresh > 0 {
		*n = fresh
	}
	return ok
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

// take puts a usage object in the place of an earlier one: each is the whole of it.
func (t *tally) take(raw []byte) bool {
	if len(raw) == 0 || raw[0] != '{' {
		return false
	}
	f, ok := readFigures(raw)
	if !ok {
		return false
	}
	t.count.Tokens, t.count.Seen = f.tokens(), true
	if t.last = t.last[:0]; len(raw) <= mostRaw {
		t.last = append(t.last, raw...)
	}
	return true
}

// mostName is longer than any name that an upstream gives.
const mostName = 1 << 10

// name keeps a text, and costs nothing when it is the same as before.
func name(s *string, raw []byte) {
	if len(raw) == 0 || len(raw) > mostName || *s != "" && jsonscan.Equal(raw, *s) {
		return
	}
	if fresh, ok := jsonscan.String(raw); ok && fresh != "" {
		*s = fresh
	}
}

// end gives the count. An answer that was cut is counted by what came of it, where its own figures say less.
func (t *tally) end(complete bool) provider.Count {
	c := t.count
	c.Complete = complete && c.Seen
	if !c.Complete {
		c.Tokens.Output = max(c.Tokens.Output, t.output/bytesPerToken)
	}
	c.Raw = t.raw()
	return c
}

// mostRaw is the largest usage object that goes into the ledger.
const mostRaw = 16 << 10

// raw is what the upstream said, fit for a ledger's line.
func (t *tally) raw() json.RawMessage {
	text := t.last
	if len(text) == 0 || !json.Valid(text) {
		return nil
	}
	if bytes.ContainsAny(text, "\r\n") {
		var compact bytes.Buffer
		_ = json.Compact(&compact, text) // it is valid
		return compact.Bytes()
	}
	return bytes.Clone(text)
}
