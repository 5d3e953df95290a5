package metrics_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"crs/daemon/metrics"
	"crs/internal/account"
	"crs/internal/pricing"
	"crs/internal/store"
	"crs/internal/usage"
	"crs/proxyengine"
)

// told gives what m says, read as Prometheus would.
func told(t *testing.T, m *metrics.Metrics) page {
	t.Helper()
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return parse(t, w.Body)
}

// page is the metrics by name.
type page map[string]*dto.MetricFamily

func parse(t *testing.T, r io.Reader) page {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(r)
	if err != nil {
		t.Fatalf("Prometheus cannot read it: %v", err)
	}
	return all
}

// sum adds up the series of a metric that have all of the labels, given as name=value. Of a histogram it is the count.
func (p page) sum(name string, labels ...string) float64 {
	total := 0.0
	for _, m := range p[name].GetMetric() {
		if hasLabels(m, labels) {
			total += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return total
}

func hasLabels(m *dto.Metric, labels []string) bool {
	for _, want := range labels {
		found := false
		for _, l := range m.GetLabel() {
			found = found || l.GetName()+"="+l.GetValue() == want
		}
		if !found {
			return false
		}
	}
	return true
}

// series is how many of ours there are, a histogram's buckets counted.
func (p page) series() int {
	n := 0
	for name, f := range p {
		if !strings.HasPrefix(name, "crs_") {
			continue
		}
		for _, m := range f.GetMetric() {
			n++
			if h := m.GetHistogram(); h != nil {
				n += len(h.GetBucket()) + 1
			}
		}
	}
	return n
}

func TestNoClientAndNoUpstreamCanMakeMoreSeries(t *testing.T) {
	t.Parallel()
	table := pricing.Embedded()
	m := metrics.New(metrics.Options{Prices: func() *pricing.Table { return table }, Keys: 100, Accounts: 100, Models: 20})
	known := table.Models()
	const each, workers = 2500, 4
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				n := w*each + i
				name := fmt.Sprintf("model-nobody-knows-%d", n)
				if n%2 == 0 {
					name = known[n%len(known)]
				}
				acc := &account.Account{Name: fmt.Sprint("account ", n), Platform: "claude-console"}
				m.Ended(&proxyengine.Ended{
					Record: &usage.Record{
						Key: "k", KeyName: fmt.Sprint("key \xff\"\n", n), AccountName: acc.Name, Platform: acc.Platform, Service: "anthropic/messages", Model: name,
						Status: n % 1000, Source: usage.Upstream, Tokens: usage.Tokens{Input: 3, Output: 2}, Cost: 1e6, Charged: 2e6,
					},
					Asked: []proxyengine.Asked{{Account: acc, Result: account.Result(1 + n%10)}}, Own: time.Millisecond,
				})
				if i%500 == 0 { // while others count
					told(t, m)
				}
			}
		})
	}
	all.Wait()
	got := told(t, m)
	if n := got.series(); n > 10_000 {
		t.Errorf("there are %d series", n)
	}
	const requests = each * workers
	for name, want := range map[string]float64{
		"crs_requests_total": requests, "crs_key_requests_total": requests, "crs_account_verdicts_total": requests, "crs_upstream_verdicts_total": requests,
		"crs_usage_records_total": requests, "crs_added_latency_seconds": requests, "crs_tokens_total": 5 * requests, "crs_key_tokens_total": 5 * requests,
		"crs_account_tokens_total": 5 * requests,
	} {
		if n := got.sum(name); n != want {
			t.Errorf("%s adds up to %v, not %v", name, n, want)
		}
	}
	if n := got.sum("crs_key_requests_total", "key=other"); n != requests-100 {
		t.Errorf("the keys without a label of their own have %v requests", n)
	}
	if n := got.sum("crs_tokens_total", "model=other", "kind=input"); n < 3*requests/2 {
		t.Errorf("models without a price have %v tokens", n)
	}
	if n := len(got["crs_cost_usd_total"].GetMetric()); n != 21 {
		t.Errorf("%d models have labels", n)
	}
}

func TestNoNamesAreToldWhenNoneMayBe(t *testing.T) {
	t.Parallel()
	table := pricing.Embedded()
	m := metrics.New(metrics.Options{Prices: func() *pricing.Table { return table }})
	acc := &account.Account{Name: "of-alice", Platform: "claude"}
	m.Ended(&proxyengine.Ended{
		Record: &usage.Record{Key: "k", KeyName: "alice", AccountName: acc.Name, Platform: "claude", Model: "claude-opus-4-8", Status: 200, Tokens: usage.Tokens{Input: 1}},
		Asked:  []proxyengine.Asked{{Account: acc, Result: account.Served}},
	})
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if strings.Contains(w.Body.String(), "alice") || strings.Contains(w.Body.String(), "opus") {
		t.Errorf("a name is told:\n%s", w.Body)
	}
}

func TestToCountARequestAllocatesNothing(t *testing.T) {
	table := pricing.Embedded()
	m := metrics.New(metrics.Options{Prices: func() *pricing.Table { return table }, Keys: 1, Accounts: 1, Models: 1})
	for _, e := range []*proxyengine.Ended{request("a"), request("b")} { // b has no label of its own
		m.Ended(e)
		if n := testing.AllocsPerRun(100, func() { m.Ended(e) }); n != 0 {
			t.Errorf("%v allocations for a request of key %s", n, e.Record.KeyName)
		}
	}
}

func BenchmarkEnded(b *testing.B) {
	table := pricing.Embedded()
	m := metrics.New(metrics.Options{Prices: func() *pricing.Table { return table }, Keys: 100, Accounts: 100, Models: 100})
	e := request("a")
	b.ReportAllocs()
	for b.Loop() {
		m.Ended(e)
	}
}

func request(name string) *proxyengine.Ended {
	acc := &account.Account{Name: name, Platform: "claude-console"}
	return &proxyengine.Ended{
		Record: &usage.Record{
			Key: "k", KeyName: name, AccountName: name, Platform: acc.Platform, Service: "anthropic/messages", Model: "claude-opus-4-8",
			Status: 200, Source: usage.Upstream, Tokens: usage.Tokens{Input: 3, Output: 2, CacheRead: 9}, Cost: 1e6, Charged: 2e6,
			FirstByte: time.Second, Total: 2 * time.Second,
		},
		Asked: []proxyengine.Asked{{Account: acc, Result: account.Served}}, Own: 70 * time.Microsecond,
	}
}

// far is a daemon with nothing in it but a store that is far away.
type far struct{}

func (far) Phases() map[proxyengine.Phase]int {
	return map[proxyengine.Phase]int{proxyengine.Queued: 3}
}
func (far) RetainedBytes() int64                 { return 7 }
func (far) BodyBudget() (int64, int)             { return 70, 2 }
func (far) Status(string) (account.Status, bool) { return account.Status{}, false }
func (far) Standings() map[account.Standing]int  { return nil }
func (far) Lag() usage.Lag                       { return usage.Lag{Rollups: 90 * time.Second, RollupsFail: true} }
func (far) Trips() []store.Trips {
	return []store.Trips{{Operation: "admit", Count: 10, Failed: 1, Took: 1500 * time.Millisecond}, {Operation: "settle", Count: 4}}
}

func TestAStoreOverANetworkTellsItsRoundTrips(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Options{})
	m.Watch(metrics.Sources{
		Engine: far{}, Pool: far{}, Ledger: far{}, Store: far{}, Keys: func() int { return 5 }, Accounts: func() []*account.Account { return nil }, Now: time.Now,
	})
	got := told(t, m)
	for _, c := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{10, "crs_store_round_trips_total", []string{"operation=admit"}},
		{14, "crs_store_round_trips_total", nil},
		{1, "crs_store_errors_total", nil},
		{1.5, "crs_store_seconds_total", []string{"operation=admit"}},
		{90, "crs_ledger_lag_seconds", []string{"stage=rollups"}},
		{1, "crs_ledger_failing", []string{"stage=rollups"}},
		{0, "crs_ledger_failing", []string{"stage=disk"}},
		{3, "crs_queue_length", []string{"queue=key"}},
		{2, "crs_queue_length", []string{"queue=body"}},
		{70, "crs_body_budget_bytes", nil},
		{5, "crs_keys", nil},
	} {
		if n := got.sum(c.name, c.labels...); n != c.want {
			t.Errorf("%s %v is %v, not %v", c.name, c.labels, n, c.want)
		}
	}
}
