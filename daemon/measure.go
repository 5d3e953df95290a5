package daemon

import (
	"context"

	"crs/daemon/metrics"
)

// openMetrics begins to count, and takes the address on which metrics are served if there is one.
func (d *Daemon) openMetrics(context.Context) error {
	d.metrics = metrics.New(metrics.Options{
		Version: d.opt.Version, Prices: d.prices.Table,
		Keys: d.cfg.Metrics.Keys, Accounts: d.cfg.Metrics.Accounts, Models: d.cfg.Metrics.Models,
	})
	if d.cfg.Metrics.Listen == "" {
		return nil
	}
	d.scrapes = d.metrics.NewServer(d.cfg.Metrics.Listen, d.short, d.log)
	d.opens("metrics listener", func(context.Context) error { return d.scrapes.Close() })
	if err := d.scrapes.Listen(); err != nil && d.takeover == nil { // the process that this one inherits from still has the address
		return err
	}
	return nil
}

// watchMetrics has the metrics look at what is open now.
func (d *Daemon) watchMetrics() {
	d.metrics.Watch(metrics.Sources{
		Engine: d.engine, Pool: d.pool, Accounts: d.roster.List, Keys: d.keys.Count, Ledger: d.ledger, Store: d.store, Now: d.opt.Now,
		Conditions: d.conditions.Codes,
	})
}

// leaveMetrics leaves the address to the process that this one hands over to, or takes it back.
func (d *Daemon) leaveMetrics(yes bool) {
	if d.scrapes != nil {
		d.scrapes.Leave(yes)
	}
}
