package pricing

import (
	"time"

	"crs/internal/usage"
)

// CostOf is what items cost together on a day: each at its own model's price, rounded once. Items whose model has no price cost
// nothing, and then known is false: show that, do not hide it.
func (t *Table) CostOf(items []usage.Item, at time.Time) (cost Cost, known bool) {
	known = true
	var sum Cost
	for i := range items {
		m, ok := t.Lookup(items[i].Model)
		if !ok {
			known = false
			continue
		}
		sum += m.Price.costOf(&items[i])
	}
	return sum, known
}

func (p *Price) costOf(i *usage.Item) Cost {
	var u usage.Tokens
	o := Options{ServiceTier: i.Tier, Fast: i.Tier == "fast", Region: i.Region}
	switch i.Kind {
	case usage.Input:
		u.Input = i.Amount
	case usage.Output:
		u.Output = i.Amount
	case usage.Reasoning:
		u.Output, u.Reasoning = i.Amount, i.Amount
	case usage.CacheRead:
		u.CacheRead = i.Amount
	case usage.CacheWrite5m:
		u.CacheWrite = i.Amount
	case usage.CacheWrite1h:
		u.CacheWrite1h = i.Amount
	case usage.WebSearch:
		o.WebSearches = i.Amount
	}
	return p.Cost(u, o)
}

// Choose says which of a request's names decides its price: the answering model's, else the one that was asked upstream, else the
// client's.
func (t *Table) Choose(at time.Time, answered, upstream, asked string) (name string, ok bool) {
	for _, name := range []string{answered, upstream, asked} {
		if _, ok := t.Lookup(name); name != "" && ok {
			return name, true
		}
	}
	return "", false
}

// Dearest is a stand-in.
func (t *Table) Dearest(string, time.Time) (string, bool) { return "", false }

// SoldBy is a stand-in.
func (t *Table) SoldBy([]string) []string { return nil }
