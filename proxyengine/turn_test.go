package proxyengine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestWhoWaitsForMemoryLeavesItsTurnToUnpackToOthers.
func TestWhoWaitsForMemoryLeavesItsTurnToUnpackToOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &Engine{memory: newBudget(1<<20, 0), promises: newBudget(1<<30, 0), decoders: newBudget(mostDecoders, 0)}
		unpacking := func(key string) *exchange {
			x := &exchange{e: e, life: context.Background(), settings: &Settings{BodyMax: 1 << 20, BodyWait: time.Minute}}
			x.memory = reservation{budget: e.memory, key: key}
			done, err := x.borrowDecoder("gzip")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(done)
			return x
		}
		x := unpacking("a")
		full := hold(t, e.memory, "b", (1<<20-e.memory.used())/2)
		end := make(chan error, 1)
		go func() { end <- x.reserve(forBody, 200<<10) }()
		if s := got(end); s != "waits" || e.decoders.used() != 0 {
			t.Errorf("it %s, and %d have a turn", s, e.decoders.used())
		}
		full.close()
		if s := got(end); s != "<nil>" || e.decoders.used() != 1 {
			t.Errorf("once there is room it %s, and %d have a turn", s, e.decoders.used())
		}
	})
}
