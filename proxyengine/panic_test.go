package proxyengine_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/pricing"
	"crs/internal/secret"
	"crs/internal/unit"
	"crs/internal/usage"
	"crs/lab/crstest"
	"crs/lab/simulator"
	"crs/proxyengine"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/claude"
	"crs/proxyengine/upstream"
)

// clumsy is a provider with a bug in one of its functions.
type clumsy struct {
	*claude.Provider
	in string
}

func (c *clumsy) Prepare(in *provider.Inbound, w *provider.Intent, a *account.Account) (*provider.Outbound, error) {
	if c.in == "prepare" {
		panic("a bug")
	}
	return c.Provider.Prepare(in, w, a)
}

func (c *clumsy) Meter(w *provider.Intent, a *account.Account, h provider.Header) provider.Meter {
	return &clumsyMeter{Meter: c.Provider.Meter(w, a, h), in: c.in}
}

type clumsyMeter struct {
	provider.Meter
	in  string
	fed int
}

func (m *clumsyMeter) Feed(p []byte) {
	if m.fed++; m.in == "feed" && m.fed > 3 {
		panic("a bug")
	}
	m.Meter.Feed(p)
}

// everybody opens every door.
type everybody struct{ k *key.Key }

func (e everybody) Verify(context.Context, string) (*key.Key, error) { return e.k, nil }
func (everybody) Fresh(_ context.Context, a *account.Account) (*account.Account, error) {
	return a, nil
}
func (everybody) RenewSoon(_ context.Context, a *account.Account) (*account.Account, error) {
	return a, nil
}

// notes is a ledger that only counts.
type notes struct {
	mu             sync.Mutex
	opened, closed int
}

func (n *notes) Open(*usage.Record) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.opened++
	return nil
}

func (n *notes) Close(*usage.Record) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed++
}

func (n *notes) settled() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.opened == n.closed && n.opened > 0
}

// TestAPanicEndsOneRequestAndLosesNothing: a bug in a provider must not take the daemon, a slot or a record with it.
func TestAPanicEndsOneRequestAndLosesNothing(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"prepare", "feed"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			sim, err := simulator.Start(simulator.Options{Script: "loop:ok(events=20,gap=5ms)"})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = sim.Close() }()
			p, err := claude.New(claude.Options{APIURL: sim.URL(), Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			bad := &clumsy{p, where}
			pool := account.NewPool(account.Options{Now: time.Now, Platforms: bad.Platforms(), Failures: 99})
			pool.Set(&account.Account{ID: "acc_a", Name: "a", Platform: claude.Console, MaxConcurrency: 1, Credential: account.Credential{Kind: account.APIKey, Secret: secret.New("sk-ant-a")}})
			k := &key.Key{ID: "key_k", Name: "k", Policy: key.Policy{Limits: limit.Limits{Concurrency: 1}}}
			ledger, gate := new(notes), limit.NewGate(time.Now, time.UTC, nil)
			table := pricing.Embedded()
			e, err := proxyengine.New(proxyengine.Options{
				Keys: everybody{k}, Gate: gate, Pool: pool, Tokens: everybody{}, Ledger: ledger, Prices: func() *pricing.Table { return table },
				Protocols: []proxyengine.Mount{{Protocol: anthropic.Protocol{}, Prefixes: []string{"/api"}}}, Providers: []provider.Provider{bad},
				Upstream: upstream.NewPool(upstream.PoolOptions{}), Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
				Settings: proxyengine.Settings{BodyMax: 1 << 20, BodyBudget: 1 << 20, HeaderMax: 8 << 10, Connections: 100, Body: time.Second, FirstByte: time.Second, FirstByteJSON: time.Second, Idle: time.Second, WriteStall: time.Second, MaxAttempts: 3},
			})
			if err != nil {
				t.Fatal(err)
			}
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			go func() { _ = e.Serve(ln) }()
			defer func() { _ = e.Shutdown(context.Background()) }()
			for range 3 {
				req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+ln.Addr().String()+"/api/v1/messages", strings.NewReader(crstest.Stream))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if where == "prepare" && (resp.StatusCode != 500 || strings.Contains(string(text), "a bug")) || where == "feed" && err == nil {
					t.Errorf("%d %s, %v", resp.StatusCode, text, err)
				}
			}
			deadline := time.Now().Add(time.Minute)
			for !ledger.settled() || e.InFlight() != 0 {
				if time.Now().After(deadline) {
					t.Fatalf("%+v, %d in flight", ledger, e.InFlight())
				}
				time.Sleep(time.Millisecond)
			}
			if s, _ := pool.Status("acc_a"); s.InUse != 0 {
				t.Errorf("%d of the account's slots are taken", s.InUse)
			}
			if u := gate.Use("key_k"); u.InFlight != 0 || u.Reserved[unit.Tokens] != 0 {
				t.Errorf("%+v", u)
			}
		})
	}
}
