// Package metrics counts what a daemon does and says it in Prometheus' text format. What requests do is counted as they
// end, from their records; everything else is looked at when somebody asks.
//
// How many series there can be is bounded, whatever clients send: families.go has every metric with its labels, labels.go
// how names become labels.
package metrics

import (
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"

	"crs/internal/account"
	"crs/internal/pricing"
	"crs/internal/usage"
	"crs/proxyengine"
)

// Options are what metrics are made with.
type Options struct {
	Version string
	// Prices is the table in use: a model that it does not know gets no label of its own.
	Prices func() *pricing.Table
	// Keys, Accounts and Models are how many of each get labels of their own.
	Keys, Accounts, Models int
}

// Sources are what is looked at when somebody asks.
type Sources struct {
	Engine   engine
	Pool     pool
	Accounts func() []*account.Account // by name
	Keys     func() int
	Ledger   ledger
	// Store is asked how it is doing if it is a store.StatsProvider.
	Store any
	Now   func() time.Time
	// Conditions tells of each condition that there can be whether it holds.
	Conditions func() map[string]bool
}

type engine interface {
	Phases() map[proxyengine.Phase]int
	RetainedBytes() int64
	BodyBudget() (size int64, waiting int)
}

type pool interface {
	Status(id string) (account.Status, bool)
	Standings() map[account.Standing]int
}

type ledger interface {
	Lag() usage.Lag
}

// Metrics are a daemon's.
type Metrics struct {
	opt      Options
	registry *prometheus.Registry
	asked    sync.Once

	answers   *labels[answer, prometheus.Counter]
	refusals  *labels[string, prometheus.Counter]
	keys      *labels[string, *keySeries]
	accounts  *labels[string, *accountSeries]
	platforms *labels[string, *platformSeries]
	models    *labels[platformModel, *modelSeries]
	sources   map[usage.Source]prometheus.Counter
	own       prometheus.Observer
	waits     map[string]prometheus.Observer
}

// New makes metrics that nothing has been counted in. Watch adds what is only looked at.
func New(opt Options) *Metrics {
	m := &Metrics{opt: opt, registry: prometheus.NewRegistry()}
	m.countRequests()
	m.countUse()
	m.countUpstreams()
	m.build(opt.Version)
	return m
}

// Gather implements prometheus.Gatherer. What looks at the Go runtime and the process is made when somebody first asks: it
// holds most of a megabyte.
func (m *Metrics) Gather() ([]*dto.MetricFamily, error) {
	m.asked.Do(func() {
		m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	})
	return m.registry.Gather()
}

// Watch makes what s tells part of the metrics. It is called once.
func (m *Metrics) Watch(s Sources) {
	m.registry.MustRegister(&gauges{m: m, s: s, descs: map[string]*prometheus.Desc{}})
}

func (m *Metrics) counter(name string) *prometheus.CounterVec {
	f := familyOf(name, Counter)
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: f.Name, Help: f.Help}, f.Labels)
	m.registry.MustRegister(v)
	return v
}

func (m *Metrics) histogram(name string) *prometheus.HistogramVec {
	f := familyOf(name, Histogram)
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.Name, Help: f.Help, Buckets: f.buckets}, f.Labels)
	m.registry.MustRegister(v)
	return v
}

// familyOf finds a metric in the table of families. One that is not there is a mistake in this package.
func familyOf(name string, t Type) *Family {
	for _, f := range Families() {
		if f.Name == name && f.Type == t {
			return &f
		}
	}
	panic(fmt.Sprintf("metrics: there is no %s %s in the table of families", t, name))
}
