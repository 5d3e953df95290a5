package redis_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/store/redis"
	"crs/internal/store/redis/redistest"
)

// failsOver has two nodes under load lose the primary that kill ends. No request fails, and afterwards they count together.
func failsOver(t *testing.T, url string, kill func()) {
	t.Helper()
	a := ask(key.Policy{Concurrency: 100, DailyCost: 1 << 50})
	l := load{stop: make(chan struct{})}
	var nodes []*redis.Node
	var all []*limit.Gate
	for i := range 2 {
		n := quick(t, url)
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
		soon(t, "another primary to be asked", func() bool { return n.Away() == nil })
	}
	t.Logf("%d requests were served until another had taken over", l.served.Load()-before)
	ended := l.charged.Load()
	close(l.stop)
	l.wg.Wait()
	soon(t, "only the one that stays to be counted", func() bool {
		u := all[1].UseOn(context.Background(), a.Key)
		return nodes[1].Away() == nil && u.InFlight == 1
	})
	u := all[1].UseOn(t.Context(), a.Key)
	// What the old primary took and had not passed on is only in the roll-ups; nothing may count twice.
	if u.Spent.Total > l.charged.Load() || u.Spent.Total < l.charged.Load()-ended {
		t.Errorf("%d spent, %d charged", u.Spent.Total, l.charged.Load())
	}
	stays.Release()
	soon(t, "nobody to be counted", func() bool { return all[1].UseOn(context.Background(), a.Key).InFlight == 0 })
}

func TestAPrimaryOfAClusterMayFail(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 1)
	failsOver(t, c.URL(), func() { c.Primaries[0].Kill(t) })
}

func TestAPrimaryWithSentinelsMayFail(t *testing.T) {
	t.Parallel()
	primary := redistest.StartReal(t)
	host, port, err := net.SplitHostPort(primary.Addr)
	if err != nil {
		t.Fatal(err)
	}
	replica := redistest.StartReal(t, "--replicaof", host+" "+port)
	sentinels := redistest.StartSentinels(t, primary, 3)
	soon(t, "the replica to be in step", func() bool {
		s, _ := replica.Do(t, "INFO", "replication").(string)
		return len(s) > 0 && strings.Contains(s, "master_link_status:up")
	})
	failsOver(t, sentinels, func() { primary.Kill(t) })
}
