package metrics_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/daemon/metrics"
	"crs/internal/config"
	"crs/lab/crstest"
)

// scrape reads a box's metrics as Prometheus would.
func scrape(t *testing.T, b *crstest.Box) page {
	t.Helper()
	text, err := b.MetricsText(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"sk-ant-", "cr_", b.Dir} {
		if strings.Contains(text, secret) {
			t.Errorf("the metrics show %q", secret)
		}
	}
	return parse(t, strings.NewReader(text))
}

// want holds series against what they should add up to.
type want struct {
	value  float64
	name   string
	labels []string
}

func (p page) check(t *testing.T, all ...want) {
	t.Helper()
	for _, w := range all {
		if got := p.sum(w.name, w.labels...); math.Abs(got-w.value) > 1e-9 {
			t.Errorf("%s %v is %v, not %v", w.name, w.labels, got, w.value)
		}
	}
}

func is(value float64, name string, labels ...string) want { return want{value, name, labels} }

func TestWhatRequestsDoIsCounted(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a", func(a *ctl.NewAccount) { a.Priority, a.MaxConcurrency = new(1), 5 })
	b.Account("b")
	key := b.Key("alice", func(k *ctl.NewKey) { k.Multiplier = new(2.0) })
	limited := b.Key("bob", func(k *ctl.NewKey) { k.RequestsPerMinute = new(int64(1)) })
	b.Script(crstest.Secret("a") + "=ok,ok,529,400,cut(after=5); " + crstest.Secret("b") + "=ok")
	for _, c := range []struct {
		status    int
		key, body string
	}{
		{200, key, crstest.Hello}, {200, key, crstest.Stream},
		{200, key, crstest.Hello},     // a is overloaded, b serves
		{400, key, crstest.Hello},     // the upstream does not want it
		{200, key, crstest.Stream},    // breaks off
		{200, limited, crstest.Hello}, // by whomever
		{429, limited, crstest.Hello},
		{401, "cr_0000000000000000000000000000000000000000", crstest.Hello},
		{400, key, "{"},
	} {
		if got := b.Post(c.key, c.body); got.Status != c.status {
			t.Fatalf("%d, not %d: %s", got.Status, c.status, got.Body)
		}
		b.Idle()
	}
	used, err := b.Usage(t.Context(), ctl.UsageQuery{By: []string{"key"}})
	if err != nil {
		t.Fatal(err)
	}
	total := used.Total
	scrape(t, b).check(t,
		is(9, "crs_requests_total"),
		is(4, "crs_requests_total", "outcome=served", "status=200", "platform=claude-console", "service=anthropic/messages"),
		is(1, "crs_requests_total", "outcome=cut"),
		is(1, "crs_requests_total", "outcome=rejected", "status=400"),
		is(3, "crs_requests_total", "outcome=refused", "platform=none"),
		is(3, "crs_refusals_total"),
		is(1, "crs_refusals_total", "reason=requests_per_minute"), is(1, "crs_refusals_total", "reason=key_unknown"), is(1, "crs_refusals_total", "reason=bad_request"),
		is(1, "crs_failovers_total", "platform=claude-console", "result=served"), is(0, "crs_failovers_total", "result=failed"),
		is(7, "crs_upstream_verdicts_total"), is(4, "crs_upstream_verdicts_total", "verdict=served"),
		is(1, "crs_account_verdicts_total", "account=a", "verdict=overloaded"), is(1, "crs_account_verdicts_total", "verdict=answered"),
		is(1, "crs_account_verdicts_total", "account=a", "verdict=failed"),
		is(6, "crs_key_requests_total", "key=alice"), is(1, "crs_key_requests_total", "key=bob", "outcome=refused"),
		is(5, "crs_added_latency_seconds"), is(5, "crs_request_first_byte_seconds"), is(5, "crs_request_duration_seconds"),
		is(float64(total.InputTokens), "crs_tokens_total", "kind=input", "model=claude-opus-4-8"), is(float64(total.OutputTokens), "crs_tokens_total", "kind=output"),
		is(float64(total.InputTokens), "crs_key_tokens_total", "kind=input"), is(float64(total.OutputTokens), "crs_account_tokens_total", "kind=output"),
		is(4, "crs_usage_records_total", "source=upstream"), is(1, "crs_usage_records_total", "source=partial"),
		is(2, "crs_accounts"), is(1, "crs_account_state", "account=a", "state=ready"), is(0, "crs_account_state", "account=a", "state=cooling"),
		is(5, "crs_account_max_concurrency", "account=a"), is(0, "crs_account_in_flight"), is(0, "crs_requests_in_flight"), is(2, "crs_keys"),
		is(0, "crs_body_bytes"), is(0, "crs_ledger_open_records"), is(0, "crs_ledger_failing"), is(1, "crs_build_info", "version=test"),
	)
}

func TestEveryMetricIsToldAndNoOther(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Subscription("mine", time.Hour)
	b.Account("spent", func(a *ctl.NewAccount) { a.MaxConcurrency = 1 })
	b.Script(crstest.Secret("spent") + "=429(5h)*9; sk-ant-oat01-mine=ok(5h=0.25,7d=0.5)")
	if got := b.Post(b.Key("k"), crstest.Hello); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	b.Idle()
	if _, err := b.DisableAccount(t.Context(), "mine"); err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{429, 503} { // the first has the other account cool down
		if got := b.Post(b.Secret("k"), crstest.Hello); got.Status != status {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		b.Idle()
	}
	got := scrape(t, b)
	got.check(t,
		is(0.25, "crs_account_quota_used_ratio", "account=mine", "window=5h"), is(0.5, "crs_account_quota_used_ratio", "account=mine", "window=7d"),
		is(1, "crs_account_state", "account=spent", "state=cooling"), is(1, "crs_account_state", "account=mine", "state=disabled"),
		is(1, "crs_refusals_total", "reason=no_account"),
	)
	soon, later := float64(b.Clock.Now().Unix()), float64(b.Clock.Now().Add(8*24*time.Hour).Unix())
	for _, name := range []string{"crs_account_quota_reset_timestamp_seconds", "crs_account_rest_end_timestamp_seconds"} {
		for _, m := range got[name].GetMetric() {
			if at := m.GetGauge().GetValue(); at < soon-60 || at > later {
				t.Errorf("%s is %v; it is %v now", name, at, soon)
			}
		}
	}
	for _, f := range metrics.Families() {
		told := got[f.Name]
		switch {
		case strings.HasPrefix(f.Name, "crs_store_"): // the local store makes no round trips
		case told == nil:
			t.Errorf("%s is not told", f.Name)
		case told.GetHelp() != f.Help || !strings.EqualFold(told.GetType().String(), string(f.Type)):
			t.Errorf("%s is told as %s: %s", f.Name, told.GetType(), told.GetHelp())
		case len(told.GetMetric()[0].GetLabel()) != len(f.Labels):
			t.Errorf("%s has the labels %v, not %v", f.Name, told.GetMetric()[0].GetLabel(), f.Labels)
		}
	}
	for name := range got {
		if !strings.HasPrefix(name, "crs_") && !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			t.Errorf("%s has a name that says nothing of where it comes from", name)
		}
	}
	for _, name := range []string{"go_goroutines", "go_memstats_heap_alloc_bytes", "process_resident_memory_bytes", "process_start_time_seconds"} {
		if got[name] == nil {
			t.Errorf("%s is not told", name)
		}
	}
}

// TestAddedLatencyIsTheRelaysOwn makes everybody else slow: what is added must leave that out, whatever this machine is
// busy with.
func TestAddedLatencyIsTheRelaysOwn(t *testing.T) {
	t.Parallel()
	const slow = 400 * time.Millisecond
	for name, c := range map[string]struct {
		script, body string
		change       func(*config.Config)
		queue        bool
		second       bool // there is a second account
	}{
		"the upstream begins late":                {script: "slow(400ms)", body: crstest.Hello},
		"the upstream begins late, over net/http": {script: "slow(400ms)", body: crstest.Hello, change: func(c *config.Config) { c.Upstream.Client = "net/http" }},
		"the content comes late":                  {script: "drip(2ms)", body: crstest.Hello},
		"the stream shows nothing at first":       {script: "stall(after=0,for=400ms)", body: crstest.Stream},
		"a first account fails late": {
			script: crstest.Secret("a") + "=stall(after=0); " + crstest.Secret("b") + "=ok", body: crstest.Hello, second: true,
			change: func(c *config.Config) { c.Timeouts.FirstByteJSON = slow },
		},
		"an account is busy": {script: "ok", body: crstest.Stream, queue: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t, crstest.Config(func(cfg *config.Config) {
				if c.change != nil {
					c.change(cfg)
				}
			}))
			b.Account("a", func(a *ctl.NewAccount) { a.MaxConcurrency, a.Priority = 1, new(1) })
			if c.second {
				b.Account("b")
			}
			key := b.Key("k")
			if c.queue {
				b.Script("stall(after=0,for=400ms),ok")
				busy := make(chan crstest.Answer)
				go func() { busy <- b.Post(key, crstest.Stream) }()
				b.Until("the account is busy", func(s ctl.Status) bool { return len(s.Live) == 1 && s.Live[0].Phase == "waiting" })
				defer func() { <-busy }()
			}
			if c.queue {
				if got := b.Post(key, c.body); got.Status != 200 {
					t.Fatalf("%d %s", got.Status, got.Body)
				}
				b.Idle()
				if all := scrape(t, b); all.sum("crs_queue_wait_seconds", "queue=account") != 1 || all.sum("crs_queue_wait_seconds") != 1 {
					t.Errorf("the wait was not counted: %v", all["crs_queue_wait_seconds"])
				}
				return
			}
			eventually(t, func() error {
				b.Script(c.script)
				before, start := added(t, b), time.Now()
				got := b.Post(key, c.body)
				took := time.Since(start)
				if got.Status != 200 {
					t.Fatalf("%d %s", got.Status, got.Body)
				}
				b.Idle()
				if failed := scrape(t, b).sum("crs_failovers_total"); c.second && failed == 0 {
					t.Error("nothing failed over")
				}
				if own := added(t, b) - before; own <= 0 || own > took-slow {
					return fmt.Errorf("%v added, of %v of which %v are others'", own, took, slow)
				}
				return nil
			})
		})
	}
}

// added is the latency that a box's relay has added so far.
func added(t *testing.T, b *crstest.Box) time.Duration {
	t.Helper()
	h := scrape(t, b)["crs_added_latency_seconds"].GetMetric()[0].GetHistogram()
	return time.Duration(h.GetSampleSum() * float64(time.Second))
}

// eventually wants one of a few tries to go well. A machine that leaves the relay standing for long at a bad moment makes
// one fail; a relay that counts wrongly makes all of them.
func eventually(t *testing.T, try func() error) {
	t.Helper()
	var err error
	for range 5 {
		if err = try(); err == nil {
			return
		}
	}
	t.Error(err)
}

func TestAClientThatSendsSlowlyIsNotTheRelaysLatency(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	eventually(t, func() error {
		before := added(t, b)
		took, slept := sendSlowly(t, b, key)
		b.Idle()
		if own := added(t, b) - before; own <= 0 || own > took-slept {
			return fmt.Errorf("%v added, of %v of which the client took %v", own, took, slept)
		}
		return nil
	})
}

// sendSlowly sends a request and pauses in the middle of its body.
func sendSlowly(t *testing.T, b *crstest.Box, key string) (took, slept time.Duration) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var text strings.Builder
	if err := b.Request(context.Background(), key, crstest.Hello, "Connection", "close").Write(&text); err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(text.String(), "\r\n\r\n")
	start := time.Now()
	_, _ = io.WriteString(conn, head+"\r\n\r\n"+body[:10])
	b.Until("the body is being read", func(s ctl.Status) bool { return len(s.Live) == 1 && s.Live[0].Phase == "reading" })
	reading := time.Now()
	time.Sleep(200 * time.Millisecond)
	slept = time.Since(reading)
	_, _ = io.WriteString(conn, body[10:])
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200") {
		t.Fatalf("%s %v", answer, err)
	}
	return time.Since(start), slept
}

func TestWhoWaitsAndWhoIsInFlightShows(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a", func(a *ctl.NewAccount) { a.MaxConcurrency = 1 })
	key := b.Key("k")
	b.Script("stall(after=5,for=1m)")
	streams := asking(t, b, key)
	b.Until("one streams", func(s ctl.Status) bool { return len(s.Live) == 1 && s.Live[0].Phase == "streaming" })
	waits := asking(t, b, key)
	b.Until("another waits", func(s ctl.Status) bool {
		return len(s.Live) == 2 && s.Live[0].Phase+s.Live[1].Phase == "streaming"+"picking"
	})
	scrape(t, b).check(t,
		is(1, "crs_requests_in_flight", "phase=streaming"), is(1, "crs_requests_in_flight", "phase=picking"), is(2, "crs_requests_in_flight"),
		is(1, "crs_queue_length", "queue=account"), is(0, "crs_queue_length", "queue=key"), is(1, "crs_account_in_flight", "account=a"),
		is(2, "crs_ledger_open_records"),
	)
	waits() // the one that streams gives the slot back
	b.Until("one is left", func(s ctl.Status) bool { return len(s.Live) == 1 })
	streams()
	b.Idle()
	scrape(t, b).check(t,
		is(1, "crs_requests_total", "outcome=left", "status=left"), is(1, "crs_requests_total", "outcome=cut"), is(0, "crs_requests_in_flight"),
	)
}

// asking asks for a stream, until the client leaves.
func asking(t *testing.T, b *crstest.Box, key string) (leave func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	req := b.Request(ctx, key, crstest.Stream)
	go func() {
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}()
	return stop
}

func TestJSONSaysTheSameAsText(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	if got := b.Post(b.Key("k"), crstest.Hello); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	b.Idle()
	text := scrape(t, b)
	all, err := b.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]ctl.Metric{}
	for _, m := range all {
		seen[m.Name] = m
	}
	if len(seen) != len(text) {
		t.Errorf("%d metrics as JSON, %d as text", len(seen), len(text))
	}
	m := seen["crs_key_requests_total"]
	served := 0.0
	for _, s := range m.Samples {
		if s.Labels["key"] == "k" && s.Labels["outcome"] == "served" {
			served += *s.Value
		}
	}
	if m.Type != "counter" || m.Help == "" || served != 1 {
		t.Errorf("%+v", m)
	}
	h := seen["crs_added_latency_seconds"]
	if len(h.Samples) != 1 || *h.Samples[0].Count != 1 || *h.Samples[0].Sum <= 0 || len(h.Samples[0].Buckets) < 10 {
		t.Errorf("%+v", h)
	}
}
