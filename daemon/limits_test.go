package daemon_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
	"crs/lab/redistest"
)

func ptr[T any](v T) *T { return &v }

// TestNodesCountAKeysRequestsTogether through whichever of them they come.
func TestNodesCountAKeysRequestsTogether(t *testing.T) {
	t.Parallel()
	_, n := nodes(t, 2)
	n[0].Account("a", func(a *ctl.NewAccount) { a.MaxConcurrency = 2 })
	key := n[0].Key("k", func(k *ctl.NewKey) { k.RequestsPerMinute, k.Concurrency = ptr(int64(3)), ptr(2) })
	eventually(t, "the other node has both", func() bool {
		_, err := n[1].Client.Key(t.Context(), "k")
		s, _ := n[1].Status(t.Context())
		return err == nil && s.Accounts == 1
	})
	for i := range 3 {
		if got := n[i%2].Post(key, crstest.Hello); got.Status != 200 {
			t.Fatalf("%+v", got)
		}
	}
	for _, box := range n {
		got := box.Post(key, crstest.Hello)
		if got.Status != 429 || !strings.Contains(got.Body, "3 requests per minute") || got.Header.Get("retry-after") == "" {
			t.Errorf("%+v", got)
		}
	}
}

// TestOneOfManyNodesRefreshesAToken: refresh tokens are good once, and the simulator says so when one comes again.
func TestOneOfManyNodesRefreshesAToken(t *testing.T) {
	t.Parallel()
	_, n := nodes(t, 3)
	n[0].Subscription("sub", time.Minute) // stale from the beginning
	key := n[0].Key("k")
	for _, box := range n {
		eventually(t, "every node has the account and the key", func() bool { s, _ := box.Status(t.Context()); return s.Accounts == 1 && s.Keys == 1 })
	}
	for range 3 {
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				if got := n[i%3].Do(n[i%3].Request(t.Context(), key, crstest.Hello)); got.Status != 200 {
					t.Errorf("%+v", got)
				}
			})
		}
		wg.Wait()
		for _, box := range n {
			box.Clock.Advance(24 * time.Hour) // it is stale again
		}
	}
	refreshes := 0
	for _, r := range n[0].Sim.Requests() {
		if strings.HasSuffix(r.Path, "/oauth/token") {
			refreshes++
		}
	}
	if refreshes != 3 {
		t.Errorf("%d refreshes in 3 rounds", refreshes)
	}
	if a, err := n[1].Client.Account(t.Context(), "sub"); err != nil || a.State != "ready" {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestWithoutRedis: local serves on, and what was used meanwhile is in Redis afterwards; refuse says why, in the client's
// protocol.
func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.StartReal(t, "--appendonly", "yes", "--appendfsync", "always")
	local := crstest.Start(t, crstest.Redis(server.URL()))
	refuse := crstest.Start(t, crstest.Beside(local), crstest.Config(func(c *config.Config) { c.Redis.OnOutage = "refuse" }))
	local.Account("a", func(a *ctl.NewAccount) { a.MaxConcurrency = 5 })
	limited := local.Key("limited", func(k *ctl.NewKey) { k.Concurrency, k.DailyCost = ptr(5), ptr(ctl.USD(1e12)) })
	free := local.Key("free")
	eventually(t, "both nodes have everything", func() bool {
		return refuse.Post(free, crstest.Hello).Status == 200 && refuse.Post(limited, crstest.Hello).Status == 200
	})
	before := len(local.Sim.Requests())
	server.Kill(t)
	for range 10 {
		for _, key := range []string{limited, free} {
			if got := local.Post(key, crstest.Hello); got.Status != 200 {
				t.Errorf("%+v", got)
			}
		}
	}
	for _, key := range []string{limited, free} {
		var got crstest.Answer
		eventually(t, "a request is refused", func() bool { got = refuse.Post(key, crstest.Hello); return got.Status != 200 })
		if got.Status != http.StatusServiceUnavailable || !strings.Contains(got.Body, "overloaded_error") || !strings.Contains(got.Body, "redis.on_outage") ||
			got.Header.Get("retry-after") == "" || strings.Contains(got.Body, server.Addr) {
			t.Errorf("%+v", got)
		}
	}
	if served := len(local.Sim.Requests()) - before; served < 20 {
		t.Errorf("%d of 20 requests came to the provider", served)
	}
	server.Restart(t)
	eventually(t, "both nodes serve", func() bool {
		return refuse.Post(free, crstest.Hello).Status == 200 && refuse.Post(limited, crstest.Hello).Status == 200
	})
	eventually(t, "everything that was served has been counted", func() bool {
		u, err := refuse.Usage(t.Context(), ctl.UsageQuery{Since: "all"})
		k, noKey := refuse.Client.Key(t.Context(), "limited")
		of, noUsage := refuse.Usage(t.Context(), ctl.UsageQuery{Since: "all", Key: "limited"})
		return err == nil && noKey == nil && noUsage == nil && u.Total.Requests == int64(len(local.Sim.Requests())) && k.Use.TotalCost == of.Total.Charged
	})
}
