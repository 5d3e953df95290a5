package redis_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/store/redis"
	"crs/lab/redistest"
)

// standing is a Cluster with a node whose questions may take so long that a test that waits for one fails.
type standing struct {
	*redistest.Cluster
	store *redis.Store
}

func newStanding(t *testing.T) standing {
	t.Helper()
	c := redistest.StartCluster(t, 0)
	for _, s := range c.Primaries {
		s.Do(t, "CONFIG", "SET", "cluster-require-full-coverage", "no")
	}
	s, err := redis.Open(t.Context(), redis.Options{URL: c.URL(), Dir: t.TempDir(), Wait: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return standing{c, s}
}

// pause has a primary stand still until the test ends.
func (c standing) pause(t *testing.T, primary int) {
	t.Helper()
	c.Primaries[primary].Pause(t)
	t.Cleanup(func() { c.Primaries[primary].Resume(t) })
}

// asks is a request for a key whose counts a primary has; different numbers are different keys.
func (c standing) asks(t *testing.T, primary, number int) limit.Ask {
	t.Helper()
	for i := 0; ; i++ {
		id := fmt.Sprint("key_", i)
		slot := c.Primaries[1].Do(t, "CLUSTER", "KEYSLOT", slotOf(id)).(int64)
		if int(slot)*len(c.Primaries)/16384 != primary {
			continue
		}
		if number--; number < 0 {
			k := &key.Key{ID: id, Policy: key.Policy{Limits: limit.Limits{Concurrency: 1}}}
			return limit.Ask{Holders: []limit.Holder{k.Holder()}}
		}
	}
}

func slotOf(id string) string { return "crs:{key " + id + "}:store" }

func isFree(t *testing.T, g *limit.Gate, a limit.Ask) {
	t.Helper()
	soon(t, "the place to be free", func() bool {
		u := g.UseOn(context.Background(), a.Holders[0])
		return u.InFlight == 0
	})
}

// TestWhatIsBoundForOnePrimaryDoesNotWaitForAnother: the primary with the store's own slot, which tells the time, is the first.
func TestWhatIsBoundForOnePrimaryDoesNotWaitForAnother(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T, standing){
		"a node that begins": func(t *testing.T, c standing) {
			a, before := c.asks(t, 1, 0), shared(join(t, c.store)).Gate
			admit(t, before, a).Release() // the slot has its marker
			isFree(t, before, a)
			c.Primaries[0].Pause(t)
			g := shared(join(t, c.store)).Gate
			t.Cleanup(func() { c.Primaries[0].Resume(t) })
			for range 3 {
				admit(t, g, a).Release()
				isFree(t, g, a)
			}
		},
		"something is under way to the other": func(t *testing.T, c standing) {
			g := shared(join(t, c.store)).Gate
			stuck, well := c.asks(t, 2, 0), c.asks(t, 1, 0)
			leaves := admit(t, g, stuck)
			admit(t, g, well).Release()
			isFree(t, g, well)
			c.pause(t, 2)
			leaves.Release()
			for range 3 {
				admit(t, g, well).Release()
				isFree(t, g, well)
			}
		},
		"scripts that are missing": func(t *testing.T, c standing) {
			n := join(t, c.store)
			g, a := shared(n).Gate, c.asks(t, 1, 0)
			leaves := admit(t, g, a)
			n.Settled()
			c.pause(t, 0)
			c.Primaries[1].Do(t, "SCRIPT", "FLUSH")
			leaves.Release()
			isFree(t, g, a)
			c.Primaries[1].Do(t, "SCRIPT", "FLUSH")
			admit(t, g, a).Release()
			isFree(t, g, a)
		},
		"a slot that only the store's own can mend": func(t *testing.T, c standing) {
			n := join(t, c.store)
			g, ill, well := shared(n).Gate, c.asks(t, 1, 0), c.asks(t, 1, 1)
			one, other := admit(t, g, ill), admit(t, g, well)
			n.Settled()
			c.pause(t, 0)
			c.Primaries[1].Do(t, "DEL", slotOf(ill.Holders[0].ID))
			one.Release()
			other.Release()
			isFree(t, g, well)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newStanding(t))
		})
	}
}
