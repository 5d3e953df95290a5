package pricing

import (
	"slices"
	"time"

	"crs/internal/usage"
)

// CostOf is what items cost together on a day: each at its own model's price, step, tier and region, rounded once. Negative amounts
// count as nothing; an amount too large for a Cost is the largest Cost.
//
// It is not known when a model has no price; that model's items then cost nothing: show that, do not hide it. An item whose kind has
// no price, where its model has one, costs nothing either. That is no gap as long as something else that the model did for the
// request has a price: a model that is billed by the token has none for its images, one that is billed by the second none for tokens.
// Those have to be tokens of the answer for an image, and tokens of any kind for seconds.
func (t *Table) CostOf(items []usage.Item, at time.Time) (cost Cost, known bool) {
	known = true
	var sum amount
	var m Match
	var priced bool
	for i := range items {
		item := &items[i]
		if i == 0 || item.Model != items[i-1].Model {
			m, priced = t.Lookup(item.Model, at)
		}
		switch {
		case !priced:
			known = false
		case m.Price.Has(item.Kind):
			sum = sum.plus(m.Price.of(item, m.Times))
		case item.Amount > 0 && !billedOtherwise(items, item, m.Price):
			known = false
		}
	}
	return sum.cost(), known
}

// Doubt says what the price of items was taken to be because the table does not know it, such as that of a tier which is offered at a
// factor that was not found; "" when there is nothing to say. Only items in a tier other than the standard one have any.
func (t *Table) Doubt(items []usage.Item, at time.Time) string {
	for i := range items {
		tier := items[i].Tier
		switch tier {
		case "", "default", "standard", "auto":
			continue
		}
		if m, ok := t.Lookup(items[i].Model, at); ok && items[i].Kind.Tokens() && slices.Contains(m.Price.Unsure, tier) {
			return "the factor of " + tier + " for " + m.Name + " is not known: the standard price was taken"
		}
	}
	return ""
}

// billedOtherwise reports whether some of what the model of an item did has a price that can be meant for the item, too.
func billedOtherwise(items []usage.Item, item *usage.Item, p *Price) bool {
	for i := range items {
		by := &items[i]
		if by.Model == item.Model && by.Amount > 0 && p.Has(by.Kind) && covers(by.Kind, item.Kind) {
			return true
		}
	}
	return false
}

// covers reports whether a model that is billed by one kind can have no price for another: no image is paid for with its prompt.
func covers(by, kind usage.Kind) bool {
	switch kind {
	case usage.Image:
		return answers(by)
	case usage.Second:
		return by.Tokens()
	}
	return true
}

// of is what an item costs, where place is the factor of the place that its model's name tells of.
func (p *Price) of(item *usage.Item, place Multiplier) amount {
	if !item.Kind.Tokens() {
		return price(item.Amount, p.Steps[0].Rates[item.Kind], times1, times1)
	}
	step, tier := p.served(item.Prompt, item.Tier)
	return price(item.Amount, step.Rates[item.Kind], tier, max(place, p.region(item.Region)))
}

// served finds the rates of a tier for a prompt, and what they are to be multiplied by.
func (p *Price) served(prompt int64, name string) (*Step, Multiplier) {
	i := stepOf(p.Steps, prompt)
	if name == "" {
		return &p.Steps[i], times1
	}
	for n := range p.Tiers {
		switch t := &p.Tiers[n]; {
		case t.Name != name || t.Short && i > 0:
		case t.Steps != nil:
			return &t.Steps[stepOf(t.Steps, prompt)], times1
		default:
			return &p.Steps[i], t.Times
		}
	}
	return &p.Steps[i], times1
}

// stepOf picks the step by the length of the prompt; the whole request is billed at it.
func stepOf(steps []Step, prompt int64) int {
	for i := len(steps) - 1; i > 0; i-- {
		if prompt > steps[i].Above {
			return i
		}
	}
	return 0
}

func (p *Price) region(name string) Multiplier {
	if name == "" {
		return times1
	}
	for i := range p.Regions {
		if p.Regions[i].Name == name {
			return p.Regions[i].Times
		}
	}
	return times1
}
