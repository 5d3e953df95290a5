package usage

import "crs/internal/bound"

// Tokens is what one answer used, counted the same way for every provider.
type Tokens struct {
	// Input excludes cached tokens, read or written, also where a provider's own figure includes them.
	Input      int64 `json:"input"`
	Output     int64 `json:"output"`
	CacheRead  int64 `json:"cache_read,omitempty"`
	CacheWrite int64 `json:"cache_write_5m,omitempty"`
	// CacheWrite1h is written for an hour, at another price than CacheWrite (five minutes).
	CacheWrite1h int64 `json:"cache_write_1h,omitempty"`
	// Reasoning is the part of Output that was thinking; it is not added to it.
	Reasoning int64 `json:"reasoning,omitempty"`
}

// Add sums two counts.
func (t Tokens) Add(o Tokens) Tokens {
	more := o.all()
	for i, n := range t.all() {
		*n = bound.Sum(*n, *more[i])
	}
	return t
}

// Bound gives what of a count can be believed.
func (t Tokens) Bound() Tokens {
	for _, n := range t.all() {
		*n = bound.Figure(*n, bound.Tokens)
	}
	return t
}

func (t *Tokens) all() [6]*int64 {
	return [...]*int64{&t.Input, &t.Output, &t.CacheRead, &t.CacheWrite, &t.CacheWrite1h, &t.Reasoning}
}

// Total is every token that passed, cached ones included. It decides price tiers.
func (t Tokens) Total() int64 { return t.Prompt() + t.Output }

// Prompt is the whole prompt, cached or not.
func (t Tokens) Prompt() int64 { return t.Input + t.CacheRead + t.CacheWrite + t.CacheWrite1h }

// Metered is what counts against a tokens-per-minute limit. Cache reads do not: an agent re-reads its whole context on
// every turn, and providers leave those out of their own rate limits too.
func (t Tokens) Metered() int64 { return t.Input + t.Output + t.CacheWrite + t.CacheWrite1h }
