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
	var admitted []time.Time
	now := time.Unix(1_000_000, 0)
	for range 20_000 {
		now = now.Add(time.Duration(rnd.Int64N(int64(6 * time.Second))))
		if w.count(now) >= limit {
			if free := w.free(now, limit); !free.After(now) || free.Sub(now) > span*time.Second {
				t.Fatalf("full at %v, said to be free at %v", now, free)
			}
			continue
		}
		w.add(now, 1)
		admitted = append(admitted, now)
		for len(admitted) > 0 && now.Sub(admitted[0]) >= time.Minute {
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
		now := time.Unix(2_000_000, 0)
		for range 50 {
			now = now.Add(time.Duration(rnd.Int64N(int64(3 * time.Second))))
			w.add(now, rnd.Int64N(10))
		}
		limit := 1 + rnd.Int64N(w.count(now)+1)
		free := w.free(now, limit)
		before, at := w, w
		if free.After(now) && before.count(free.Add(-time.Second)) < limit {
			t.Fatalf("there was room a second before %v", free)
		}
		if at.count(free) >= limit {
			t.Fatalf("no room at %v", free)
		}
	}
}

func TestAClockThatIsSetBackForgetsNothing(t *testing.T) {
	t.Parallel()
	var w window
	now := time.Unix(3_000_000, 0)
	w.add(now, 5)
	w.add(now.Add(-time.Hour), 5)
	if got := w.count(now); got != 10 {
		t.Errorf("count %d", got)
	}
}
