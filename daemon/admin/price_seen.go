package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"crs/ctl"
	"crs/internal/usage"
)

// seenFor is how far back models count as seen.
const seenFor = 30 * 24 * time.Hour

// SeenModels gives the models that were asked for within a month, first those without a price, then those that cost most.
func (o *Operations) SeenModels(ctx context.Context) (ctl.SeenModels, error) {
	now := o.opt.Now()
	q := usage.Query{Since: now.Add(-seenFor).Truncate(time.Hour), By: []usage.Column{usage.ByModel}}
	sums, err := o.opt.Ledger.Usage(ctx, q)
	if err != nil {
		return ctl.SeenModels{}, err
	}
	out := ctl.SeenModels{Since: q.Since, Models: []ctl.SeenModel{}}
	for i := range sums {
		if m, ok := o.seen(&sums[i], now); ok {
			out.Models = append(out.Models, m)
		}
	}
	slices.SortStableFunc(out.Models, func(a, b ctl.SeenModel) int {
		return cmp.Or(order(a.Price != nil, b.Price != nil), cmp.Compare(b.Cost, a.Cost), cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Model, b.Model))
	})
	return out, nil
}

func (o *Operations) seen(s *usage.Sum, now time.Time) (ctl.SeenModel, bool) {
	m := ctl.SeenModel{Model: s.Model, Requests: s.Requests, Tokens: s.Tokens.Total(), Cost: ctl.USD(s.Cost)}
	if s.Model == "" || s.Model == usage.OtherModel || m.Tokens == 0 && m.Cost == 0 {
		return m, false
	}
	if found, ok := o.opt.Prices.Table().Lookup(s.Model, now); ok {
		p := o.showPrice(s.Model, found)
		m.Price = &p
	}
	return m, true
}

// order puts false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
