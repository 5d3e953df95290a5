package metrics

import (
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"crs/internal/account"
	"crs/internal/store"
	"crs/proxyengine"
)

// gauges look at the daemon whenever somebody asks.
type gauges struct {
	m     *Metrics
	s     Sources
	descs map[string]*prometheus.Desc // by name; written by Describe only
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(to chan<- *prometheus.Desc) {
	for _, f := range append(upstreamFamilies(), daemonFamilies()...) {
		if f.Name == buildName || f.Type == Counter && !strings.HasPrefix(f.Name, "crs_store_") {
			continue
		}
		g.descs[f.Name] = prometheus.NewDesc(f.Name, f.Help, f.Labels, nil)
		to <- g.descs[f.Name]
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	out := seen{g.descs, to}
	g.requests(out)
	g.ledger(out)
	g.accounts(out)
	g.store(out)
	g.conditions(out)
	out.gauge("crs_keys", float64(g.s.Keys()))
}

// seen passes on what was looked at.
type seen struct {
	descs map[string]*prometheus.Desc
	to    chan<- prometheus.Metric
}

func (s seen) gauge(name string, value float64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(s.descs[name], prometheus.GaugeValue, value, labels...)
}

func (s seen) counter(name string, value float64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(s.descs[name], prometheus.CounterValue, value, labels...)
}

func (g *gauges) requests(out seen) {
	phases := g.s.Engine.Phases()
	for phase, n := range phases {
		out.gauge("crs_requests_in_flight", float64(n), phase.String())
	}
	budget, waiting := g.s.Engine.BodyBudget()
	// To pass the gate or to find an account takes microseconds: whoever is seen at it waits.
	out.gauge("crs_queue_length", float64(phases[proxyengine.Queued]), keyQueue)
	out.gauge("crs_queue_length", float64(phases[proxyengine.Picking]), accountQueue)
	out.gauge("crs_queue_length", float64(waiting), bodyQueue)
	out.gauge("crs_body_bytes", float64(g.s.Engine.RetainedBytes()))
	out.gauge("crs_body_budget_bytes", float64(budget))
}

func (g *gauges) ledger(out seen) {
	lag := g.s.Ledger.Lag()
	out.gauge("crs_ledger_open_records", float64(lag.Open))
	out.gauge("crs_ledger_unwritten_bytes", float64(lag.Unwritten))
	out.gauge("crs_ledger_lag_seconds", lag.Disk.Seconds(), "disk")
	out.gauge("crs_ledger_lag_seconds", lag.Rollups.Seconds(), "rollups")
	out.gauge("crs_ledger_failing", one(lag.DiskFails), "disk")
	out.gauge("crs_ledger_failing", one(lag.RollupsFail), "rollups")
}

func (g *gauges) conditions(out seen) {
	if g.s.Conditions == nil {
		return
	}
	for code, on := range g.s.Conditions() {
		out.gauge("crs_condition", one(on), code)
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// accounts tells of all of them in numbers, and of those that have labels of their own one by one.
func (g *gauges) accounts(out seen) {
	for standing, n := range g.s.Pool.Standings() {
		out.gauge("crs_accounts", float64(n), standing.Platform, string(standing.State))
	}
	rest := g.m.accounts.of(other)
	for _, a := range g.s.Accounts() {
		if g.m.accounts.of(a.Name) == rest {
			continue
		}
		if s, ok := g.s.Pool.Status(a.ID); ok {
			g.account(out, &s)
		}
	}
}

func (g *gauges) account(out seen, s *account.Status) {
	name := text(s.Account.Name)
	for _, state := range account.States() {
		out.gauge("crs_account_state", one(state == s.State), name, string(state))
	}
	out.gauge("crs_account_in_flight", float64(s.InUse), name)
	if s.Account.MaxConcurrency > 0 {
		out.gauge("crs_account_max_concurrency", float64(s.Account.MaxConcurrency), name)
	}
	if s.State == account.Cooling {
		out.gauge("crs_account_rest_end_timestamp_seconds", unix(s.Until), name)
	}
	g.windows(out, name, s.Windows)
}

// mostWindows bounds the quota windows of an account: their names come from upstream.
const mostWindows = 12

func (g *gauges) windows(out seen, name string, all []account.Window) {
	now, told := g.s.Now(), map[string]bool{}
	for _, w := range all {
		label := text(w.Name)
		over := !w.ResetsAt.IsZero() && !now.Before(w.ResetsAt)
		if over || told[label] || len(told) == mostWindows {
			continue
		}
		told[label] = true
		out.gauge("crs_account_quota_used_ratio", w.Used, name, label)
		if !w.ResetsAt.IsZero() {
			out.gauge("crs_account_quota_reset_timestamp_seconds", unix(w.ResetsAt), name, label)
		}
	}
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// store tells of a store that is reached over a network.
func (g *gauges) store(out seen) {
	remote, ok := g.s.Store.(store.StatsProvider)
	if !ok {
		return
	}
	for _, t := range remote.Trips() {
		out.counter("crs_store_round_trips_total", float64(t.Count), text(t.Operation))
		out.counter("crs_store_errors_total", float64(t.Failed), text(t.Operation))
		out.counter("crs_store_seconds_total", t.Took.Seconds(), text(t.Operation))
	}
}

const buildName = "crs_build_info"

// build says what was built.
func (m *Metrics) build(version string) {
	f := familyOf(buildName, Gauge)
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.Name, Help: f.Help}, f.Labels)
	m.registry.MustRegister(v)
	v.WithLabelValues(text(version), runtime.Version()).Set(1)
}
