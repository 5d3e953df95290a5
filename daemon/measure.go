package daemon

import (
	"context"
	"fmt"
	"net"

	"crs/daemon/handover"
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
	if d.metricsSocket, err = d.listenForMetrics(); err != nil {
		return fmt.Errorf("listen for metrics on %s (metrics.listen): %w", d.cfg.Metrics.Listen, err)
	}
	d.metricsListener = handover.Listen(d.metricsSocket)
	d.opens("metrics listener", func(context.Context) error { return ignoreClosed(d.metricsListener.Close()) })
	return nil
}

// listenForMetrics takes the socket that an old process has handed over, if the configuration still names that one.
func (d *Daemon) listenForMetrics() (net.Listener, error) {
	if e := d.opt.Estate; e != nil && e.Metrics != nil && e.MetricsAt == d.cfg.Metrics.Listen {
		return e.Metrics, nil
	}
	return net.Listen("tcp", d.cfg.Metrics.Listen)
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
