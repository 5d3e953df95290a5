package pricing

import "crs/internal/usage"

// PerToken is the price of one token in pico-USD (a millionth of a millionth of a dollar). The cheapest price in use,
// $0.0025 for a million cached tokens, is 2,500 of them.
type PerToken int64

// PerMillion is the price of a million tokens, which is how providers publish it.
func (p PerToken) PerMillion() Cost { return Cost(p) * 1000 }

// Rates is what the kinds of tokens cost. Every rate is filled in: what a table leaves out has been derived.
type Rates struct {
	Input, Output, Reasoning, CacheWrite5m, CacheWrite1h, CacheRead PerToken
}

// A Tier is the rates of a whole request whose prompt, cached tokens included, is longer than Above tokens.
type Tier struct {
	Above                    int64
	Standard, Priority, Flex Rates
}

// Multiplier is a factor in millionths: 6,000,000 is six times.
type Multiplier int64

// Price is what one model costs.
type Price struct {
	// Provider and Mode ("chat", "responses", "embedding") are the table's words, for display.
	Provider, Mode string
	// MaxInput and MaxOutput are the model's limits in tokens; 0 when the table does not say.
	MaxInput, MaxOutput int64
	// Tiers are in ascending order of Above; the first is for every request.
	Tiers []Tier
	// WebSearch is the price of one web search, in pico-USD.
	WebSearch int64
	// Fast applies to fast mode, Regions to inference in a certain region ("us").
	Fast    Multiplier
	Regions map[string]Multiplier
}

// Options is what else about an answer decides its price. The zero value is an ordinary request.
type Options struct {
	// ServiceTier is what the response says. "priority" and "flex" have their own rates, everything else is standard.
	ServiceTier string
	// Fast says that the response was made in fast mode.
	Fast bool
	// Region is where the response says that it was made; most regions cost nothing extra.
	Region string
	// WebSearches is how many searches the provider made for the answer.
	WebSearches int64
}

// Cost is the price of one answer. Counts that are negative count as nothing; an amount too large for a Cost is the
// largest Cost.
func (p *Price) Cost(u usage.Tokens, o Options) Cost {
	r := p.rates(u.Prompt(), o.ServiceTier)
	reasoning := min(u.Reasoning, u.Output) // it is part of the output
	var tokens amount
	tokens.add(u.Input, int64(r.Input))
	tokens.add(u.Output-max(reasoning, 0), int64(r.Output))
	tokens.add(reasoning, int64(r.Reasoning))
	tokens.add(u.CacheWrite, int64(r.CacheWrite5m))
	tokens.add(u.CacheWrite1h, int64(r.CacheWrite1h))
	tokens.add(u.CacheRead, int64(r.CacheRead))
	var searches amount
	searches.add(o.WebSearches, p.WebSearch)
	return tokens.times(p.multiplier(o)).plus(searches.times(times1)).cost()
}

// rates picks the tier by the length of the prompt; the whole request is billed at it.
func (p *Price) rates(prompt int64, service string) *Rates {
	tier := &p.Tiers[0]
	for i := len(p.Tiers) - 1; i > 0; i-- {
		if prompt > p.Tiers[i].Above {
			tier = &p.Tiers[i]
			break
		}
	}
	switch service {
	case "priority":
		return &tier.Priority
	case "flex":
		return &tier.Flex
	}
	return &tier.Standard
}

func (p *Price) multiplier(o Options) Multiplier {
	m := times1
	if o.Fast {
		m = p.Fast
	}
	if o.Region != "" {
		if region, ok := p.Regions[o.Region]; ok {
			m = m * region / times1
		}
	}
	return m
}
