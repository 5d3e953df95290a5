package control

import (
	"net/http"

	"crs/ctl"
	"crs/internal/pricing"
)

func (h *Handler) prices(*http.Request) (any, error) {
	t := h.opt.Prices.Table()
	out := ctl.Prices{Version: t.Version(), Models: []ctl.Price{}}
	for _, name := range t.Models() {
		if m, ok := t.Lookup(name); ok {
			out.Models = append(out.Models, h.showPrice(name, m))
		}
	}
	return out, nil
}

func (h *Handler) price(r *http.Request) (any, error) {
	name := r.PathValue("ref")
	m, ok := h.opt.Prices.Table().Lookup(name)
	if !ok {
		return nil, ctl.Errorf(ctl.NotFound, "there is no price for %q: requests for it cost $0 and are marked as unpriced", name).
			WithHint("set one: crs price set %s --input USD --output USD", name)
	}
	return h.showPrice(name, m), nil
}

func (h *Handler) showPrice(asked string, m pricing.Match) ctl.Price {
	r := &m.Price.Tiers[0].Standard
	out := ctl.Price{
		Model: asked, Provider: m.Price.Provider, Overridden: h.opt.Prices.Overridden(m.Name),
		Input: ctl.USD(r.Input.PerMillion()), Output: ctl.USD(r.Output.PerMillion()), CacheWrite5m: ctl.USD(r.CacheWrite5m.PerMillion()),
		CacheWrite1h: ctl.USD(r.CacheWrite1h.PerMillion()), CacheRead: ctl.USD(r.CacheRead.PerMillion()),
	}
	if m.Name != asked {
		out.Match = m.Name
	}
	return out
}

func (h *Handler) setPrice(r *http.Request) (any, error) {
	in, err := read[ctl.PriceEdit](r)
	if err != nil {
		return nil, err
	}
	if err := h.opt.Prices.Set(r.Context(), r.PathValue("ref"), in); err != nil {
		return nil, invalid(err)
	}
	return h.price(r)
}

// updatePrices takes another table, or only tells what it would change.
func (h *Handler) updatePrices(r *http.Request) (any, error) {
	in, err := readUpTo[ctl.PriceUpdate](r, tableMost)
	if err != nil {
		return nil, err
	}
	done, err := h.opt.Prices.Update(r.Context(), in)
	if err != nil {
		return nil, err
	}
	found := done.Before.Changes(done.After)
	out := ctl.PriceChanges{
		From: done.From, Applied: done.Applied, Version: done.After.Version(), Models: len(done.After.Models()),
		Added: list(found.Added), Removed: list(found.Removed), Changed: []ctl.PriceChange{}, Rejected: list(done.After.Rejected()),
	}
	for _, name := range found.Changed {
		before, _ := done.Before.Lookup(name)
		after, _ := done.After.Lookup(name)
		out.Changed = append(out.Changed, ctl.PriceChange{Model: name, Before: h.showPrice(name, before), After: h.showPrice(name, after)})
	}
	return out, nil
}
