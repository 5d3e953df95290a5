package pricing

import (
	"maps"
	"slices"
)

// price works out every rate of a model, so that asking for a cost is only arithmetic.
func (e *entry) price() *Price {
	p := e.about
	rates := e.base()
	p.Tiers = []Tier{e.tier(0, rates)}
	for _, above := range e.thresholds() {
		// A dearer tier raises the price of cached input with that of input, and leaves output alone unless told.
		rates = e.scale(rates, rate{above: above}, ratio{1, 1}, false)
		p.Tiers = append(p.Tiers, e.tier(above, rates))
	}
	return &p
}

// base is the rates of an ordinary request. Without a price of their own, cached tokens of Claude cost what Anthropic has
// always charged in proportion to input; other providers' cost as much as input, which is the most they can.
func (e *entry) base() Rates {
	in, out := e.given[rate{kind: input}], e.given[rate{kind: output}]
	r := Rates{Input: in, Output: out}
	r.Reasoning = e.or(rate{kind: reasoning}, out)
	if !e.claude {
		r.CacheWrite5m = e.or(rate{kind: cacheWrite5m}, in)
		r.CacheWrite1h = e.or(rate{kind: cacheWrite1h}, r.CacheWrite5m)
		r.CacheRead = e.or(rate{kind: cacheRead}, in)
		return r
	}
	r.CacheWrite5m = e.or(rate{kind: cacheWrite5m}, proportion(in, 5, 4))
	r.CacheWrite1h = e.or(rate{kind: cacheWrite1h}, 2*in)
	r.CacheRead = e.or(rate{kind: cacheRead}, proportion(in, 1, 10))
	return e.corrected(r)
}

// corrected replaces what LiteLLM's table has wrong: it gives all Claude 3 models the one-hour price of Sonnet.
func (e *entry) corrected(r Rates) Rates {
	if e.claude && !e.trusted {
		r.CacheWrite1h = 2 * r.Input
	}
	return r
}

func (e *entry) tier(above int64, rates Rates) Tier {
	return Tier{
		Above:    above,
		Standard: rates,
		Priority: e.scale(rates, rate{above: above, service: priority}, e.serviceRatio(priority, ratio{2, 1}), true),
		Flex:     e.scale(rates, rate{above: above, service: flex}, e.serviceRatio(flex, ratio{1, 2}), true),
	}
}

// ratio is num/den.
type ratio struct{ num, den PerToken }

// serviceRatio is what a service tier costs in proportion to the standard one, where its own price is not given.
func (e *entry) serviceRatio(s service, otherwise ratio) ratio {
	if own, ok := e.given[rate{kind: input, service: s}]; ok {
		return ratio{own, e.given[rate{kind: input}]}
	}
	if e.claude { // Anthropic sells priority as capacity, not at a price per token
		return ratio{1, 1}
	}
	return otherwise
}

// scale makes the rates at another tier from those below it: what is given for it, and the rest in proportion.
func (e *entry) scale(from Rates, at rate, by ratio, outputToo bool) Rates {
	if given, ok := e.given[at.of(input)]; ok {
		by = ratio{given, from.Input}
	}
	var r Rates
	r.Input = e.or(at.of(input), proportion(from.Input, by.num, by.den))
	r.CacheWrite5m = e.or(at.of(cacheWrite5m), proportion(from.CacheWrite5m, by.num, by.den))
	r.CacheWrite1h = e.or(at.of(cacheWrite1h), proportion(from.CacheWrite1h, by.num, by.den))
	r.CacheRead = e.or(at.of(cacheRead), proportion(from.CacheRead, by.num, by.den))
	r.Output = from.Output
	if outputToo {
		r.Output = proportion(from.Output, by.num, by.den)
	}
	r.Output = e.or(at.of(output), r.Output)
	r.Reasoning = e.or(at.of(reasoning), proportion(from.Reasoning, r.Output, from.Output))
	return e.corrected(r)
}

func (r rate) of(k kind) rate {
	r.kind = k
	return r
}

func (e *entry) or(r rate, otherwise PerToken) PerToken {
	if given, ok := e.given[r]; ok {
		return given
	}
	return otherwise
}

func (e *entry) thresholds() []int64 {
	above := map[int64]bool{}
	for r := range e.given {
		above[r.above] = true
	}
	delete(above, 0)
	return slices.Sorted(maps.Keys(above))
}
