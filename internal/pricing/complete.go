package pricing

import (
	"cmp"
	"slices"

	"crs/internal/usage"
)

// completed is the price with what its source does not say from an older one: tiers, regions, what is not counted in tokens and, if
// tokens is set, all other tokens and longer prompts. Of those the older price says how many times that of ordinary text they cost,
// which is so where text costs something else, too.
func (p *Price) completed(old *Price, tokens bool) *Price {
	c := *p
	c.Provider, c.Mode = cmp.Or(old.Provider, p.Provider), cmp.Or(old.Mode, p.Mode) // other tables have other words
	c.MaxInput, c.MaxOutput, c.Retires = cmp.Or(p.MaxInput, old.MaxInput), cmp.Or(p.MaxOutput, old.MaxOutput), cmp.Or(p.Retires, old.Retires)
	if len(p.Unmetered) == 0 {
		c.Unmetered = old.Unmetered
	}
	tokens = tokens && p.said.has(usage.Input) && old.said.has(usage.Input)
	c.Steps = slices.Clone(p.Steps)
	c.completeKinds(p, old, tokens)
	c.Tiers = slices.Clone(p.Tiers)
	if tokens && len(p.Steps) == 1 {
		c.completeSteps(old)
	}
	for _, tier := range old.Tiers {
		if !slices.ContainsFunc(p.Tiers, func(x Tier) bool { return x.Name == tier.Name }) {
			c.Tiers = append(c.Tiers, c.tierLike(tier, old))
		}
	}
	c.Unsure = slices.DeleteFunc(slices.Clone(old.Unsure), func(name string) bool {
		return slices.ContainsFunc(p.Tiers, func(x Tier) bool { return x.Name == name })
	})
	for _, region := range old.Regions {
		if !slices.ContainsFunc(p.Regions, func(x Region) bool { return x.Name == region.Name }) {
			c.Regions = append(slices.Clip(c.Regions), region)
		}
	}
	return &c
}

// completeKinds takes the kinds of which only the older price says what they cost.
func (c *Price) completeKinds(p, old *Price, tokens bool) {
	for k := range usage.Kinds {
		if p.said.has(k) || !old.said.has(k) || k.Tokens() && !tokens || p.billsInstead(k) {
			continue
		}
		for i := range c.Steps {
			from := &old.Steps[stepOf(old.Steps, c.Steps[i].Above+1)]
			c.Steps[i].Rates[k] = likeText(k, &c.Steps[i].Rates, &from.Rates, from.Rates[k])
		}
		c.has.add(k)
		c.said.add(k)
	}
}

// billsInstead reports whether a price has another kind for what a kind is billed for: no source means both.
func (p *Price) billsInstead(k usage.Kind) bool {
	switch k {
	case usage.Image:
		return p.said.has(usage.ImageOutput)
	case usage.Second:
		return p.said.has(usage.AudioInput)
	case usage.WebSearch:
		return p.said.has(usage.GroundedTurn)
	case usage.GroundedTurn:
		return p.said.has(usage.WebSearch)
	}
	return false
}

// likeText is a rate as many times that of ordinary text as it is in another price.
func likeText(k usage.Kind, rates, other *Rates, rate PerUnit) PerUnit {
	text := usage.Input
	if answers(k) {
		text = usage.Output
	}
	if !k.Tokens() || other[text] == 0 {
		return rate
	}
	return proportion(rates[text], rate, other[text])
}

// completeSteps takes the prices of longer prompts.
func (c *Price) completeSteps(old *Price) {
	short := &old.Steps[0].Rates
	for _, long := range old.Steps[1:] {
		next := Step{long.Above, c.Steps[0].Rates}
		for k := range usage.WebSearch {
			next.Rates[k] = inProportion(c.Steps[0].Rates[k], long.Rates[k], short[k])
		}
		c.Steps = append(c.Steps, next)
		for i := range c.Tiers {
			c.Tiers[i].addStep(&next, &long, old)
		}
	}
}

// addStep gives a tier with rates of its own those that it has in an older price for a longer prompt, as many times the standard ones.
func (t *Tier) addStep(standard, long *Step, old *Price) {
	if t.Steps == nil {
		return
	}
	served, times := old.served(long.Above+1, t.Name)
	step := *standard
	for k := range usage.WebSearch {
		rate := proportion(served.Rates[k], PerUnit(times), PerUnit(times1))
		step.Rates[k] = inProportion(step.Rates[k], rate, long.Rates[k])
	}
	t.Steps = append(slices.Clip(t.Steps), step)
}

// tierLike is a tier of an older price at the rates of c.
func (c *Price) tierLike(tier Tier, old *Price) Tier {
	if tier.Steps == nil {
		return tier
	}
	steps := make([]Step, len(c.Steps))
	for i := range c.Steps {
		steps[i] = c.Steps[i]
		from, in := &old.Steps[stepOf(old.Steps, steps[i].Above+1)], &tier.Steps[stepOf(tier.Steps, steps[i].Above+1)]
		for k := range usage.WebSearch {
			steps[i].Rates[k] = inProportion(steps[i].Rates[k], in.Rates[k], from.Rates[k])
		}
	}
	tier.Steps = steps
	return tier
}

// inProportion is a rate as many times as much as one other is of another; rates that are 0 say nothing of that.
func inProportion(rate, num, den PerUnit) PerUnit {
	if den == 0 {
		return num
	}
	return proportion(rate, num, den)
}
