package admin

import (
	"slices"

	"crs/ctl"
	"crs/internal/pricing"
	"crs/internal/usage"
)

// details are everything that can be charged at a price, of a model with these prices over time.
func details(m pricing.Match, periods []*pricing.Price) *ctl.PriceDetails {
	p := m.Price
	d := &ctl.PriceDetails{
		Mode: p.Mode, From: p.From.String(), Until: p.Until.String(), AsOf: p.AsOf.String(), Source: p.Source, Retires: p.Retires.String(),
		Tokens: rates(p.Standard(), p.Says), Each: map[string]ctl.USD{}, Regions: map[string]float64{}, Unmetered: map[string]ctl.USD{},
	}
	if m.Times != times1 {
		d.Times = factor(m.Times)
	}
	for k := usage.Input; k < usage.Kinds; k++ {
		if !k.Tokens() && p.Has(k) {
			d.Each[k.String()] = ctl.USD(p.Standard()[k].PerMillion() / 1e6)
		}
	}
	d.Steps = steps(p.Steps[1:], p.Says)
	for _, t := range p.Tiers {
		tier := ctl.PriceTier{Name: t.Name, Short: t.Short}
		if tier.Steps = steps(t.Steps, p.Says); tier.Steps == nil {
			tier.Times = factor(t.Times)
		}
		d.Tiers = append(d.Tiers, tier)
	}
	for _, r := range p.Regions {
		d.Regions[r.Name] = factor(r.Times)
	}
	for _, fee := range p.Unmetered {
		d.Unmetered[fee.Name] = ctl.USD(fee.Price)
	}
	d.Periods = otherPeriods(p, periods)
	return d
}

const times1 pricing.Multiplier = 1_000_000

func factor(m pricing.Multiplier) float64 { return float64(m) / float64(times1) }

// rates are those of tokens, by kind, as far as shown has them.
func rates(r *pricing.Rates, shown func(usage.Kind) bool) map[string]ctl.USD {
	all := map[string]ctl.USD{}
	for k := usage.Input; k.Tokens(); k++ {
		if shown(k) {
			all[k.String()] = ctl.USD(r[k].PerMillion())
		}
	}
	return all
}

func steps(all []pricing.Step, shown func(usage.Kind) bool) (out []ctl.PriceStep) {
	for i := range all {
		out = append(out, ctl.PriceStep{Above: all[i].Above, Tokens: rates(&all[i].Rates, shown)})
	}
	return out
}

// otherPeriods are those but the one that is shown.
func otherPeriods(shown *pricing.Price, all []*pricing.Price) []ctl.PricePeriod {
	others := slices.DeleteFunc(all, func(p *pricing.Price) bool { return p == shown })
	out := make([]ctl.PricePeriod, len(others))
	for i, p := range others {
		r := p.Standard()
		out[i] = ctl.PricePeriod{From: p.From.String(), Until: p.Until.String(), Input: ctl.USD(r[usage.Input].PerMillion()), Output: ctl.USD(r[usage.Output].PerMillion())}
	}
	return out
}
