package limit

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"crs/internal/unit"
)

// lengths of windows, in seconds: some whose steps are seconds, and some whose are not.
var lengths = []Window{1, 10, Minute, 61, 90, 5 * 3600, 12 * 3600}

func TestNoWindowEverHoldsMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	for _, length := range lengths {
		t.Run(length.String(), func(t *testing.T) { t.Parallel(); neverHoldsMore(t, length) })
	}
}

func neverHoldsMore(t *testing.T, length Window) {
	rnd := rand.New(rand.NewPCG(1, 2))
	const limit = 20
	w := newSliding(unit.Requests, length)
	var admitted []time.Duration
	now := 1_000_000 * time.Second
	for range 20_000 {
		now += time.Duration(rnd.Int64N(int64(length.length() / 10)))
		if w.count(now) >= limit {
			if free := w.free(now, limit); free <= 0 || free > time.Duration(w.span()*length.step())*time.Second {
				t.Fatalf("full at %v, said to be free in %v", now, free)
			}
			continue
		}
		w.add(now, 1)
		admitted = append(admitted, now)
		for len(admitted) > 0 && now-admitted[0] >= length.length() {
			admitted = admitted[1:]
		}
		if len(admitted) > limit {
			t.Fatalf("%d admitted in the window before %v", len(admitted), now)
		}
	}
}

func TestFreeTellsWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range 500 {
		length := lengths[i%len(lengths)]
		w := newSliding(unit.Tokens, length)
		now := 2_000_000 * time.Second
		for range 50 {
			now += time.Duration(rnd.Int64N(int64(length.length() / 20)))
			w.add(now, rnd.Int64N(10))
		}
		limit := 1 + rnd.Int64N(w.count(now)+1)
		free := now + w.free(now, limit)
		before, at := *w, *w
		before.bucket, at.bucket = slices.Clone(w.bucket), slices.Clone(w.bucket)
		if free > now && before.count(free-time.Second) < limit {
			t.Fatalf("there was room a second before %v", free)
		}
		if at.count(free) >= limit {
			t.Fatalf("no room at %v", free)
		}
	}
}
