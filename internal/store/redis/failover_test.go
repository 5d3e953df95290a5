package redis_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/store/redis"
	"crs/internal/unit"
	"crs/lab/redistest"
)

// failsOver has two nodes under load lose the primary that kill ends. No request fails, and afterwards they count together.
func failsOver(t *testing.T, url string, kill func()) {
	t.Helper()
	a := ask(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, 1<<50)}, Concurrency: 100}})
	l := load{stop: make(chan struct{})}
	var nodes []*redis.Node
	var all []*limit.Gate
	for i := range 2 {
		n := join(t, connect(t, url))
		g, p := shared(n).Gate, pool(t, n, acc("a", 50), acc("b", 50))
		nodes, all = append(nodes, n), append(all, g)
		for j := range 4 {
			l.run(t, g, p, a, uint64(10*i+j))
		}
	}
	time.Sleep(500 * time.Millisecond)
	stays := admit(t, all[0], a)
	before := l.served.Load()
	kill()
	time.Sleep(500 * time.Millisecond)
	for _, n := range nodes {
		soonSaying(t, "another primary to be asked", n.Away)
	}
	t.Logf("%d requests were served until another had taken over", l.served.Load()-before)
	ended := l.charged.Load()
	close(l.stop)
	l.wg.Wait()
	soon(t, "only the one that stays to be counted", func() bool {
		u := all[1].UseOn(context.Background(), a.Holders[0])
		return nodes[1].Away() == nil && u.InFlight == 1
	})
	u := all[1].UseOn(t.Context(), a.Holders[0])
	// What the old primary took and had not passed on is only in the roll-ups; nothing may count twice.
	if u.In(unit.Cost, limit.Total) > l.charged.Load() || u.In(unit.Cost, limit.Total) < l.charged.Load()-ended {
		t.Errorf("%d spent, %d charged", u.In(unit.Cost, limit.Total), l.charged.Load())
	}
	stays.Release()
	soon(t, "nobody to be counted", func() bool { return all[1].UseOn(context.Background(), a.Holders[0]).InFlight == 0 })
}

func TestAPrimaryOfAClusterMayFail(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 1)
	failsOver(t, c.URL(), func() { c.Primaries[0].Kill(t) })
}

// TestWhoLeavesIsToldWhileAnotherPrimaryStandsStill: the one that tells the time, and holds nothing of the key's, has no say in when
// the key's places are free again.
func TestWhoLeavesIsToldWhileAnotherPrimaryStandsStill(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 0)
	for _, s := range c.Primaries {
		s.Do(t, "CONFIG", "SET", "cluster-require-full-coverage", "no")
	}
	s, err := redis.Open(t.Context(), redis.Options{URL: c.URL(), Dir: t.TempDir(), Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	n := join(t, s, func(o *redis.NodeOptions) { o.Renew, o.Lease = time.Millisecond, time.Hour })
	g, a := shared(n).Gate, ask(key.Policy{Limits: limit.Limits{Concurrency: 1}})
	admit(t, g, a).Release()
	primary := c.Primaries[0]
	if doc, keys := primary.Do(t, "EXISTS", "crs:{doc}:store"), fmt.Sprint(primary.Do(t, "KEYS", "*key_k*")); doc != int64(1) || keys != "[]" {
		t.Fatalf("not the primary that is meant: %v, %s", doc, keys)
	}
	primary.Pause(t)
	t.Cleanup(func() { primary.Resume(t) })
	for range 50 {
		soon(t, "the place to be free", func() bool {
			u := g.UseOn(context.Background(), a.Holders[0])
			return u.InFlight == 0
		})
		if err := n.Away(); err != nil {
			t.Fatalf("the node counts alone: %v", err)
		}
		admit(t, g, a).Release()
	}
}

func TestAPrimaryWithSentinelsMayFail(t *testing.T) {
	t.Parallel()
	primary := redistest.StartReal(t)
	host, port, err := net.SplitHostPort(primary.Addr)
	if err != nil {
		t.Fatal(err)
	}
	redistest.StartReal(t, "--replicaof", host+" "+port)
	sentinels := redistest.StartSentinels(t, primary, 3)
	primary.InStep(t, 1)
	failsOver(t, sentinels, func() { primary.Kill(t) })
}
