package limit

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestNoMinuteEverHoldsMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	const limit = 20
	var w window
	var admitted []time.Duration
	now := 1_000_000 * time.Second
	for range 20_000 {
		now += time.Duration(rnd.Int64N(int64(6 * time.Second)))
		if w.count(now) >= limit {
			if free := w.free(now, limit); free <= 0 || free > span*time.Second {
				t.Fatalf("full at %v, said to be free in %v", now, free)
			}
			continue
		}
		w.add(now, 1)
		admitted = append(admitted, now)
		for len(admitted) > 0 && now-admitted[0] >= time.Minute {
			admitted = admitted[1:]
		}
		if len(admitted) > limit {
			t.Fatalf("%d admitted in the minute before %v", len(admitted), now)
		}
	}
}

func TestFreeTellsWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		var w window
		now := 2_000_000 * time.Second
		for range 50 {
			now += time.Duration(rnd.Int64N(int64(3 * time.Second)))
			w.add(now, rnd.Int64N(10))
		}
		limit := 1 + rnd.Int64N(w.count(now)+1)
		free := now + w.free(now, limit)
		before, at := w, w
		if free > now && before.count(free-time.Second) < limit {
			t.Fatalf("there was room a second before %v", free)
		}
		if at.count(free) >= limit {
			t.Fatalf("no room at %v", free)
		}
	}
}
