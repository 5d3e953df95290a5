package pricing

import (
	"cmp"
	"maps"
	"slices"

	"crs/internal/usage"
)

// Updated lays a table that was taken over this one, model by model: of what both know, the price whose data is newer wins, whenever
// the table was taken. Data without a date is older than any that has one, so that it only adds models. kept are the models of which
// this table's own price stayed, sorted.
func (t *Table) Updated(taken *Table) (updated *Table, kept []string) {
	all := &Table{models: maps.Clone(t.models)}
	for _, name := range taken.Models() {
		old, known := t.models[name]
		next := taken.models[name]
		switch {
		case !known:
			all.models[name] = next
		case next[0].AsOf > old.asOf():
			all.models[name] = old.replaced(next[0])
		default:
			kept = append(kept, name)
		}
	}
	return all.indexed(), kept
}

// Overridden lays an operator's own prices over this table. They hold on every day. What they do not say, of what is not counted in
// tokens and of tiers and regions, stays as it is.
func (t *Table) Overridden(own *Table) *Table {
	all := &Table{models: maps.Clone(t.models)}
	for name, set := range own.models {
		p := set[0]
		if old, known := t.models[name]; known {
			p = p.completed(old[len(old)-1], false)
		}
		all.models[name] = periods{p}
	}
	return all.indexed()
}

// asOf is the newest day that the data is of.
func (p periods) asOf() (newest Day) {
	for _, one := range p {
		newest = max(newest, one.AsOf)
	}
	return newest
}

// replaced puts a newer price in the place of that of its day. What was announced for later, and what held before, stays.
func (p periods) replaced(next *Price) periods {
	old := p.on(next.AsOf)
	all := slices.Clone(p)
	i := slices.Index(all, old)
	all[i] = next.completed(old, true)
	all[i].From, all[i].Until = old.From, old.Until
	return all
}

// completed is the price with what its source does not say from an older one: tiers, regions, what is not counted in tokens, and,
// where tokens of text cost the same in both, all other tokens and longer prompts.
func (p *Price) completed(old *Price, tokens bool) *Price {
	c := *p
	c.Provider, c.Mode = cmp.Or(old.Provider, p.Provider), cmp.Or(old.Mode, p.Mode) // other tables have other words
	c.MaxInput, c.MaxOutput, c.Retires = cmp.Or(p.MaxInput, old.MaxInput), cmp.Or(p.MaxOutput, old.MaxOutput), cmp.Or(p.Retires, old.Retires)
	alike := tokens && p.alike(old)
	c.completeRates(p, old, alike)
	for _, tier := range old.Tiers {
		own := slices.ContainsFunc(p.Tiers, func(x Tier) bool { return x.Name == tier.Name })
		if !own && (tier.Steps == nil || alike) {
			c.Tiers = append(slices.Clip(c.Tiers), tier)
		}
	}
	for _, region := range old.Regions {
		if !slices.ContainsFunc(p.Regions, func(x Region) bool { return x.Name == region.Name }) {
			c.Regions = append(slices.Clip(c.Regions), region)
		}
	}
	return &c
}

// completeRates takes from an older price the rates that p, of which c is a copy, does not say.
func (c *Price) completeRates(p, old *Price, alike bool) {
	c.Steps = slices.Clone(p.Steps)
	if alike && len(p.Steps) == 1 && len(old.Steps) > 1 {
		c.Steps = slices.Concat(c.Steps, old.Steps[1:])
		c.Tiers = slices.Clone(p.Tiers)
		for i := range c.Tiers {
			c.Tiers[i].addSteps(old)
		}
	}
	for k := range usage.Kinds {
		if p.said.has(k) || !old.said.has(k) || k.Tokens() && !alike {
			continue
		}
		for i := range c.Steps {
			c.Steps[i].Rates[k] = old.Steps[stepOf(old.Steps, c.Steps[i].Above+1)].Rates[k]
		}
		c.has.add(k)
		c.said.add(k)
	}
}

// addSteps gives a tier with rates of its own those that it has in another price for longer prompts.
func (t *Tier) addSteps(of *Price) {
	if t.Steps == nil {
		return
	}
	t.Steps = slices.Clone(t.Steps)
	for _, long := range of.Steps[1:] {
		step, times := of.served(long.Above+1, t.Name)
		rates := step.Rates
		for k := range usage.WebSearch {
			rates[k] = proportion(rates[k], PerUnit(times), PerUnit(times1))
		}
		t.Steps = append(t.Steps, Step{long.Above, rates})
	}
}

// alike reports whether ordinary tokens of text cost the same.
func (p *Price) alike(other *Price) bool {
	a, b := p.Standard(), other.Standard()
	return p.has != 0 && other.has != 0 && a[usage.Input] == b[usage.Input] && a[usage.Output] == b[usage.Output]
}
