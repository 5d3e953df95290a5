package proxyengine

import (
	"cmp"
	"log/slog"

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
	if p, ok := x.served.provider.(provider.Termed); ok {
		p.Terms(x.served.want, x.served.acc, &c)
	}
	r.Raw, r.Source = c.Raw, sourceOf(&c)
	if c.Vague() && r.Source != usage.Excessive {
		r.Source, c.Tokens.Input = usage.Estimated, max(x.intent.PromptTokens, 1)
	}
	if c.Also[usage.Image] == 0 && r.Error == "" {
		c.Also[usage.Image] = x.intent.Images // an answer in one piece has as many as were asked for
	}
	r.Take(&c.Call, c.More, c.Apart, c.Refused)
	r.TierAsked, r.Tier, r.Region, r.Doubt = x.intent.Tier, c.Tier, c.Region, cmp.Or(c.Doubt, r.Doubt)
	x.price(c.Model)
}

// sourceOf says how the figures are known: an answer that gave none, whole or cut, was estimated, and so
// was a whole one that has more than the figures say.
func sourceOf(c *provider.Count) usage.Source {
	switch {
	case c.Tokens != c.Tokens.Bound(), c.Also != c.Also.Bound():
		return usage.Excessive
	case c.Complete && !c.Guessed:
		return usage.Upstream
	case c.Seen && !c.Complete:
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
