package pricing

import (
	"fmt"
	"slices"

	"crs/internal/usage"
)

const (
	// implausible is how many times a price another one of the same cannot be.
	implausible = 50
	// mostOfText is $1,000 for a million tokens of text: no model that is new costs that.
	mostOfText PerUnit = 1_000_000_000
)

// Implausible says which prices of another table are very far from those that this table has of the same models.
func (t *Table) Implausible(other *Table) (all []Refusal) {
	for _, name := range other.Models() {
		if _, known := t.models[name]; !known {
			continue
		}
		if strange, is := t.implausible(name, other.models[name][0]); is {
			all = append(all, strange)
		}
	}
	return all
}

// implausible finds a rate that is very far from that of the row which the table has by this name, or by what it takes the name to
// mean. What is quite new to it is held to what any model costs.
func (t *Table) implausible(name string, next *Price) (Refusal, bool) {
	if strange, is := next.beyondFactor(name); is {
		return strange, true
	}
	f, known := t.find(name)
	if !known || f.prices.on(next.AsOf).said&next.said == 0 {
		return next.beyond(name)
	}
	old := f.prices.on(next.AsOf)
	for k := range usage.Kinds {
		if !next.said.has(k) || !old.said.has(k) {
			continue
		}
		is, was := next.Standard()[k], old.Standard()[k]
		if k.Tokens() {
			was = proportion(was, PerUnit(f.times), PerUnit(times1))
		}
		switch {
		case was == 0:
		case is/implausible >= was:
			return Refusal{name, k.String(), fmt.Sprintf("%s is %d times the present %s: kept out unless it is forced", shown(k, is), is/was, shown(k, was))}, true
		case is*implausible <= was:
			return Refusal{name, k.String(), fmt.Sprintf("%s is a fiftieth of the present %s or less: kept out unless it is forced", shown(k, is), shown(k, was))}, true
		}
	}
	return Refusal{}, false
}

// beyondFactor finds a tier or region that cannot be as much dearer or cheaper.
func (p *Price) beyondFactor(name string) (Refusal, bool) {
	factors := slices.Clone(p.Regions)
	for i := range p.Tiers {
		if p.Tiers[i].Steps == nil {
			factors = append(factors, Region{p.Tiers[i].Name, p.Tiers[i].Times})
		}
	}
	for _, x := range factors {
		if x.Times >= implausible*times1 || x.Times*implausible <= times1 {
			return Refusal{name, x.Name, fmt.Sprintf("%g times the ordinary price: kept out unless it is forced", float64(x.Times)/float64(times1))}, true
		}
	}
	return Refusal{}, false
}

// beyond finds what no model costs.
func (p *Price) beyond(name string) (Refusal, bool) {
	in, out := p.Standard()[usage.Input], p.Standard()[usage.Output]
	why := ""
	switch {
	case !p.said.has(usage.Input):
	case max(in, out) > mostOfText:
		why = fmt.Sprintf("%s is more than any model costs", shown(usage.Input, max(in, out)))
	case p.converses() && max(in, out) > implausible*min(in, out):
		why = fmt.Sprintf("input costs %s and output %s, which are more than %d times apart", in.PerMillion(), out.PerMillion(), implausible)
	}
	return Refusal{name, "", why + ": kept out unless it is forced"}, why != ""
}

// shown is a rate as people read it.
func shown(k usage.Kind, rate PerUnit) string {
	if k.Tokens() {
		return rate.PerMillion().String() + " for a million tokens"
	}
	return (rate.PerMillion() / 1_000_000).String() + " for one"
}
