// Package reprice works out what records cost at the prices of a table, and which rows of the roll-ups can be corrected by them.
package reprice

import (
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
	"time"

	"crs/internal/bound"
	"crs/internal/pricing"
	"crs/internal/usage"
)

// Prices are what records are priced by.
type Prices struct {
	Table *pricing.Table
	// At is the day whose prices a record gets; nil means the record's own.
	At *time.Time
	// Charge is what a key is charged for a cost, by its multiplier.
	Charge func(key string, cost int64) int64
}

// Priced is what a record costs.
type Priced struct {
	Cost, Charged int64
	// Unpriced: the table does not know all of its models. It costs what it did.
	Unpriced bool
}

// Of prices a record. The ratio of what was charged to the cost stays as it was; where there was no price, the key's multiplier says it.
func (p *Prices) Of(r *usage.Record) Priced {
	was := Priced{Cost: bound.Figure(r.Cost, bound.Cost), Charged: bound.Figure(r.Charged, bound.Cost)}
	if !r.Unpriced && lacksTier(r) {
		return was
	}
	var room [12]usage.Item
	cost, known := p.Table.CostOf(p.AppendBilled(room[:0], r), p.at(r))
	if !known {
		was.Unpriced = true
		return was
	}
	is := Priced{Cost: bound.Figure(int64(cost), bound.Cost)}
	if r.Unpriced || was.Cost == 0 { // what it was charged says nothing of a ratio
		is.Charged = bound.Figure(p.Charge(r.Key, is.Cost), bound.Cost)
	} else {
		is.Charged = bound.Figure(portion(is.Cost, was.Charged, was.Cost), bound.Cost)
	}
	return is
}

// AppendBilled appends what the provider bills for a record, by the model whose price the table has of those that it names.
func (p *Prices) AppendBilled(items []usage.Item, r *usage.Record) []usage.Item {
	named := *r
	if name, ok := p.Table.Choose(p.at(r), cmp.Or(r.Answered, r.PricedAs), cmp.Or(r.Upstream, r.Model), r.Model); ok {
		named.PricedAs = name
	}
	return named.AppendBilled(items)
}

// unknown are the models of a record whose price the table does not have.
func (p *Prices) unknown(r *usage.Record) (names []string) {
	for _, i := range p.AppendBilled(nil, r) {
		if !p.Table.Has(i.Model, p.at(r)) && !slices.Contains(names, i.Model) {
			names = append(names, i.Model)
		}
	}
	return names
}

func (p *Prices) at(r *usage.Record) time.Time {
	if p.At != nil {
		return *p.At
	}
	return r.End()
}

// portion is n × part ÷ whole, rounded half up.
func portion(n, part, whole int64) int64 {
	a, w := big.NewInt(n), big.NewInt(whole)
	a.Mul(a, big.NewInt(part)).Lsh(a, 1).Add(a, w)
	return a.Div(a, w.Lsh(w, 1)).Int64()
}

// lacksTier reports a record of a version that did not keep the service tier, and priced the request by it.
func lacksTier(r *usage.Record) bool {
	if len(r.Raw) == 0 || len(r.Items) > 0 || r.Tier != "" || r.TierAsked != "" {
		return false
	}
	var raw struct {
		Tier  string `json:"service_tier"`
		Speed string `json:"speed"`
	}
	if json.Unmarshal(r.Raw, &raw) != nil {
		return false
	}
	switch raw.Tier {
	case "priority", "flex", "batch", "fast", "ultrafast":
		return true
	}
	return raw.Speed == "fast"
}
