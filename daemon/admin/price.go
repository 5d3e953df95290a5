package admin

import (
	"context"
	"net/url"
	"strconv"

	"crs/ctl"
	"crs/internal/audit"
	"crs/internal/convert"
	"crs/internal/pricing"
	"crs/internal/usage"
)

// Prices gives the price table, as it is today. Models without a price are not in it.
func (o *Operations) Prices(context.Context) (ctl.Prices, error) {
	t := o.opt.Prices.Table()
	out := ctl.Prices{Version: t.Version(), Models: []ctl.Price{}}
	for _, name := range t.Models() {
		if m, ok := t.Lookup(name, o.opt.Now()); ok {
			out.Models = append(out.Models, o.showPrice(name, m))
		}
	}
	return out, nil
}

// Price gives everything that a model can cost today.
func (o *Operations) Price(_ context.Context, model string) (ctl.Price, error) {
	t := o.opt.Prices.Table()
	m, ok := t.Lookup(model, o.opt.Now())
	if m.Price == nil {
		return ctl.Price{}, noPrice(model)
	}
	out := o.showPrice(model, m)
	out.PriceDetails = details(m, t.Periods(m.Name))
	out.Unpriced = !ok
	return out, nil
}

func noPrice(model string) error {
	return ctl.Errorf(ctl.NotFound, "there is no price for %q: requests for it cost $0 and are marked as unpriced", model).
		WithHint("set one: crs price set %s --input USD --output USD", model)
}

// showPrice is the ordinary price.
func (o *Operations) showPrice(asked string, m pricing.Match) ctl.Price {
	r := m.Price.Standard()
	usd := func(k usage.Kind) ctl.USD { return ctl.USD(r[k].PerMillion()) }
	out := ctl.Price{
		Model: asked, Provider: m.Price.Provider, Overridden: o.opt.Prices.Overridden(m.Name),
		Input: usd(usage.Input), Output: usd(usage.Output), CacheWrite5m: usd(usage.CacheWrite5m),
		CacheWrite1h: usd(usage.CacheWrite1h), CacheRead: usd(usage.CacheRead),
	}
	if m.Name != asked {
		out.Match = m.Name
	}
	return out
}

// SetPrice overrides what a model costs, from now on.
func (o *Operations) SetPrice(ctx context.Context, model string, in ctl.PriceEdit) (_ ctl.Price, err error) {
	d := o.begins(ctx, PriceSet, model)
	defer d.end(&err)
	var before facts
	if was, ok := o.opt.Prices.Table().Lookup(model, o.opt.Now()); ok {
		before = factsOf(o.showPrice(model, was), "model")
	}
	if err := o.opt.Prices.Set(ctx, model, in); err != nil {
		return ctl.Price{}, invalid(err)
	}
	is, err := o.Price(ctx, model)
	ordinary := is
	ordinary.PriceDetails = nil
	d.did("", model, changed(before, factsOf(ordinary, "model")))
	return is, err
}

// UpdatePrices takes another table, or only tells what it would change.
func (o *Operations) UpdatePrices(ctx context.Context, in ctl.PriceUpdate) (_ ctl.PriceChanges, err error) {
	d := o.begins(ctx, PriceUpdate, "")
	d.void = in.DryRun
	defer d.end(&err)
	done, err := o.opt.Prices.Update(ctx, in)
	if err != nil {
		return ctl.PriceChanges{}, err
	}
	found := done.Before.Changes(done.After)
	out := ctl.PriceChanges{
		From: done.From, Applied: done.Applied, Version: done.After.Version(), Models: len(done.After.Models()),
		Added: list(found.Added), Removed: list(found.Removed), Rejected: sentences(done.Refused), Unpriced: sentences(done.Unpriced),
		Kept: list(done.Kept), Format: done.Format, AsOf: done.AsOf.String(), Read: done.Read,
	}
	out.Changed = convert.All(found.Changed, func(name string) ctl.PriceChange {
		before, _ := done.Before.Lookup(name, o.opt.Now())
		after, _ := done.After.Lookup(name, o.opt.Now())
		return ctl.PriceChange{Model: name, Before: o.showPrice(name, before), After: o.showPrice(name, after)}
	})
	d.did("", tableFrom(done.From), []audit.Change{
		{Field: "version", Before: done.Before.Version(), After: out.Version}, {Field: "models_added", After: strconv.Itoa(len(out.Added))},
		{Field: "models_changed", After: strconv.Itoa(len(out.Changed))}, {Field: "models_removed", After: strconv.Itoa(len(out.Removed))},
	})
	return out, nil
}

func sentences(all []pricing.Refusal) []string {
	return convert.All(all, func(r pricing.Refusal) string { return r.String() })
}

// tableFrom is where a table is from, without what may be secret in a URL that a caller gives for the name of a file.
func tableFrom(from string) string {
	u, err := url.Parse(from)
	if err != nil || u.Host == "" {
		return from
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}
