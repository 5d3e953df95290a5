package daemon

import (
	"context"
	"fmt"
	"net"

	"crs/daemon/metrics"
)

// openMetrics begins to count, and takes the address on which metrics are served if there is one.
func (d *Daemon) openMetrics(context.Context) (err error) {
	d.metrics = metrics.New(metrics.Options{
		Version: d.opt.Version, Prices: d.prices.Table,
		Keys: d.cfg.Metrics.Keys, Accounts: d.cfg.Metrics.Accounts, Models: d.cfg.Metrics.Models,
	})
	if d.cfg.Metrics.Listen == "" {
		return nil
	}
	if d.metricsListener, err = net.Listen("tcp", d.cfg.Metrics.Listen); err != nil {
		return fmt.Errorf("listen for metrics on %s (metrics.listen): %w", d.cfg.Metrics.Listen, err)
	}
	d.opens("metrics listener", func(context.Context) error { return ignoreClosed(d.metricsListener.Close()) })
	return nil
}

// watchMetrics has the metrics look at what is open now.
func (d *Daemon) watchMetrics() {
	d.metrics.Watch(metrics.Sources{
		Engine: d.engine, Pool: d.pool, Accounts: d.roster.List, Keys: d.keys.Count, Ledger: d.ledger, Store: d.store, Now: d.opt.Now,
	})
}

// serveMetrics serves them over TCP until ctx ends, if that was asked for.
func (d *Daemon) serveMetrics(ctx context.Context) error {
	if d.metricsListener == nil {
		return nil
	}
	d.log.Info("serving metrics", "listen", d.metricsListener.Addr().String(), "path", metrics.Path)
	s := d.metrics.NewServer(d.log)
	stop := context.AfterFunc(ctx, func() { _ = s.Shutdown(context.WithoutCancel(ctx)) })
	defer stop()
	return s.Serve(d.metricsListener)
}

// MetricsListen is the address that metrics are served on over TCP; "" when they are not.
func (d *Daemon) MetricsListen() string {
	if d.metricsListener == nil {
		return ""
	}
	return d.metricsListener.Addr().String()
}
