package proxyengine

import (
	"cmp"
	"log/slog"

	"crs/internal/bound"
	"crs/internal/pricing"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// settle writes down what the exchange used and what it cost, and corrects the key's limits by it.
func (x *exchange) settle() {
	r := &x.record
	r.Total = x.elapsed()
	x.presented.mask(r)
	x.count()
	if x.permit != nil {
		x.permit.Settle(r.Amounts())
	}
	if r.Key == "" || x.unrecorded { // nobody's: it never presented a good key, or asked for nothing that counts
		if x.ended.Refused != "" {
			x.report()
		}
		return
	}
	x.e.opt.Ledger.Close(r)
	if x.e.opt.Closed != nil {
		x.e.opt.Closed(r)
	}
	x.report()
	x.log(slog.LevelDebug, "done", "status", r.Status, "account", r.AccountName, "total", r.Total, "output", r.Tokens.Output)
}

// count takes the meter's figures over, and prices them.
func (x *exchange) count() {
	r := &x.record
	if x.served == nil || x.intent.Free {
		x.uncounted()
		return
	}
	c := x.served.answer.meter.End()
	r.Tokens, r.Raw, r.Source = c.Tokens.Bound(), c.Raw, sourceOf(&c, r.Error != "")
	r.Images, r.Searches = c.Images, max(c.Pricing.WebSearches, 0)
	if r.Images == 0 && r.Error == "" {
		r.Images = x.intent.Images // an answer in one piece has as many as were asked for
	}
	if r.Source == usage.Estimated {
		r.Tokens.Input = bound.Figure(x.intent.PromptTokens, bound.Tokens)
	}
	name := cmp.Or(r.Upstream, r.Model)
	cost, known := x.price(name, r.Tokens, c.Pricing)
	if !known && c.Model != "" {
		cost, known = x.price(c.Model, r.Tokens, c.Pricing)
	}
	r.Cost, r.Unpriced = cost, !known
	r.Charged = x.charge(cost)
	r.Prices = x.e.opt.Prices().Version()
}

// sourceOf says how the figures are known. An answer that ended well and gave none was estimated; one that was cut is
// partial, whatever it gave.
func sourceOf(c *provider.Count, cut bool) usage.Source {
	switch {
	case c.Tokens != c.Tokens.Bound(), c.Pricing.WebSearches > bound.Tokens:
		return usage.Excessive
	case c.Complete:
		return usage.Upstream
	case c.Seen || cut:
		return usage.Partial
	}
	return usage.Estimated
}

// uncounted is an exchange without an answer to count. One that an account was asked for, and whose client left before
// it answered, is partial; an error from upstream is known to have used nothing.
func (x *exchange) uncounted() {
	r := &x.record
	switch {
	case !x.opened:
	case r.Status == 0:
		r.Source = usage.Partial
	default:
		r.Source = usage.Upstream
	}
}

// charge is what the key is charged for it, as far as a request can cost anything.
func (x *exchange) charge(cost int64) int64 {
	return bound.Figure(x.key.Policy.Charge(cost), bound.Cost)
}

// price is what tokens of a model cost, in nano-USD, as far as a request can cost anything.
func (x *exchange) price(name string, t usage.Tokens, o pricing.Options) (cost int64, known bool) {
	c, known := x.e.opt.Prices().Cost(name, t, o)
	return bound.Figure(int64(c), bound.Cost), known
}
