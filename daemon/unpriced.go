package daemon

import (
	"context"
	"fmt"

	"crs/ctl"
	"crs/daemon/condition"
	"crs/daemon/unpriced"
	"crs/internal/usage"
)

// ended is told of every request that has ended.
func (d *Daemon) ended(r *usage.Record) {
	d.unpriced.Note(r)
	d.requests.Publish(r)
}

// mostRemembered is how many requests are read back at a start.
const mostRemembered = 1000

// learnUnpriced reads from the ledger what was asked lately of models whose price is not known.
func (d *Daemon) learnUnpriced(ctx context.Context) error {
	began := d.started
	records, err := d.ledger.Search(ctx, usage.Filter{Since: began.Add(-unpriced.Within), Until: began, Unpriced: true, Limit: mostRemembered})
	if err != nil {
		if ctx.Err() == nil {
			d.log.Warn("it is not known which models without a price were asked for before", "error", err)
		}
		return nil
	}
	for _, r := range records {
		d.unpriced.Note(r)
	}
	return nil
}

// priced reports whether a model has a price.
func (d *Daemon) priced(model string) bool { return d.prices.Table().Has(model, d.opt.Now()) }

// mostNamed is how many models conditions name.
const mostNamed = 10

func (d *Daemon) modelsWithoutPrice(*condition.View) []condition.Found {
	all := d.unpriced.Of("")
	var found []condition.Found
	for i := range all[:min(len(all), mostNamed)] {
		u := &all[i]
		said := fmt.Sprintf("no price is known for the model %s: %d requests of the last day, %d tokens", u.Model, u.Requests, u.Tokens)
		if u.Charged > 0 {
			said += fmt.Sprintf("; keys with a cost limit were charged %s for them, as for the dearest model of its vendor", ctl.USD(u.Charged))
		}
		found = append(found, condition.Found{
			Subject: u.Model, Sentence: said,
			Hint: fmt.Sprintf("set one (crs price set %s --input USD --output USD) or take a newer table (crs price update)", ctl.ShellWord(u.Model)),
		})
	}
	return found
}

// unpricedOf is what a key asked of models whose price is not known; every key for "".
func (d *Daemon) unpricedOf(key string) []ctl.Unpriced {
	var all []ctl.Unpriced
	for _, u := range d.unpriced.Of(key) {
		all = append(all, ctl.Unpriced{Model: u.Model, Requests: u.Requests, Tokens: u.Tokens, Charged: ctl.USD(u.Charged), Last: u.Last})
	}
	return all
}
