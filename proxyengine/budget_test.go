package proxyengine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// hold makes a reservation of a key with n bytes in it.
func hold(t *testing.T, b *budget, key string, n int64) *reservation {
	t.Helper()
	w := &reservation{budget: b, key: key}
	if n > 0 && !w.try(forBody, n) {
		t.Fatalf("%s does not get %d of %d", key, n, b.size-b.taken)
	}
	return w
}

// fill has a key take as much as it gets, in pieces, each for an exchange of its own.
func fill(b *budget, key string, piece int64) (got int64, all []*reservation) {
	for {
		w := &reservation{budget: b, key: key}
		if !w.try(forBody, piece) {
			return got, all
		}
		got, all = got+piece, append(all, w)
	}
}

func TestAKeyMayHoldWhatIsLeftForAllOthers(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	b := newBudget(120*mib, 2*mib)
	if got, _ := fill(b, "a", mib); got != 60*mib {
		t.Errorf("one key took %d MiB of 120", got/mib)
	}
	if got, _ := fill(b, "b", mib); got != 30*mib {
		t.Errorf("the next took %d MiB of the 60 that were left", got/mib)
	}
	if got, _ := fill(b, "a", small); got != 15*mib {
		t.Errorf("small ones of the first took %.2f MiB of the 30 that were left", float64(got)/mib)
	}
	for i := range 8 {
		if got, _ := fill(b, fmt.Sprint("more", i), small/16); got == 0 {
			t.Fatalf("key %d gets nothing", i)
		}
	}
}

func TestTheLargestBodyFitsWhateverTheShare(t *testing.T) {
	t.Parallel()
	b := newBudget(100<<10, 180<<10)
	w := hold(t, b, "a", 80<<10)
	if !w.try(forBody, 100<<10) {
		t.Error("a request alone does not get what the largest body needs")
	}
	w.close()
	small := hold(t, b, "b", 10<<10)
	large := hold(t, b, "a", 70<<10)
	if large.try(forBody, 30<<10) {
		t.Error("beside another request it got more than there is")
	}
	small.close()
	large.close()
	if len(b.holders) != 0 || b.taken != 0 {
		t.Errorf("%d bytes of %d keys are left", b.taken, len(b.holders))
	}
}

func TestMemoryIsHeldByPurpose(t *testing.T) {
	t.Parallel()
	b := newBudget(1<<20, 0)
	w := hold(t, b, "a", 100)
	if !w.try(forAnswer, 50) {
		t.Fatal("no room")
	}
	w.give(forAnswer, 80) // more than it holds
	if b.by[forAnswer] != 0 || b.by[forBody] != 100 || b.taken != 100 {
		t.Errorf("%v", b.by)
	}
	w.try(forAnswer, 7)
	w.drop(forBody)
	if b.by[forBody] != 0 || b.taken != 7 {
		t.Errorf("%v", b.by)
	}
	w.close()
	if b.taken != 0 || w.try(forBody, 1) || w.large {
		t.Error("a reservation that was closed holds something")
	}
}

// waits begins a take that must wait, and gives what becomes of it.
func waits(t *testing.T, b *budget, w *reservation, n int64) chan error {
	end := make(chan error, 1)
	go func() {
		_, err := w.take(t.Context(), forBody, n, time.Minute)
		end <- err
	}()
	synctest.Wait()
	return end
}

func got(end chan error) string {
	synctest.Wait()
	select {
	case err := <-end:
		return fmt.Sprint(err)
	default:
		return "waits"
	}
}

func TestSmallOnesPassLargeOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(1<<20, 0)
		first, rest := hold(t, b, "a", 500<<10), hold(t, b, "b", 250<<10)
		large := waits(t, b, hold(t, b, "c", 0), 400<<10)
		if w := hold(t, b, "d", 0); !w.try(forBody, 8<<10) {
			t.Error("a small one does not pass")
		}
		first.close()
		if s := got(large); s != "waits" {
			t.Fatal(s)
		}
		rest.close()
		if s := got(large); s != "<nil>" {
			t.Error(s)
		}
	})
}

func TestALargeOneIsNotPassedForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(1<<20, 0)
		var small []*reservation
		for i := 0; ; i++ { // of many keys, so that no share stands in the way
			w := &reservation{budget: b, key: fmt.Sprint(i)}
			if !w.try(forBody, 16<<10) {
				break
			}
			small = append(small, w)
		}
		large := waits(t, b, hold(t, b, "large", 0), 300<<10)
		passed := 0
		for ; got(large) == "waits" && passed < 1000; passed++ {
			small[0].close()
			next := &reservation{budget: b, key: fmt.Sprint("next", passed)}
			if next.try(forBody, 16<<10) {
				small = append(small, next)
			}
			if small = small[1:]; len(small) == 0 {
				t.Fatal("small ones get nothing meanwhile")
			}
		}
		if passed == 1000 {
			t.Error("it waits still")
		}
	})
}

// TestWhatIsKeptForTheOldestDoesNotHoldItUp: a part of it may be all that it lacks.
func TestWhatIsKeptForTheOldestDoesNotHoldItUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(12<<20, 0)
		first := hold(t, b, "k", 4<<20)
		large := waits(t, b, hold(t, b, "k", 0), 9<<19)
		for range 3 {
			next := hold(t, b, "k", 0)
			end := waits(t, b, next, 4<<20)
			first.close()
			if s := got(end); s != "<nil>" {
				break
			}
			first = next
		}
		first.close()
		if s := got(large); s != "<nil>" {
			t.Errorf("nothing is held, and the oldest %s", s)
		}
	})
}

// TestWhatIsKeptForAKeyIsNotKeptFromIt: its oldest claim waits for what its other exchanges hold, and they for what is kept.
func TestWhatIsKeptForAKeyIsNotKeptFromIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(12<<20, 0)
		first, rest := hold(t, b, "k", 4<<20), hold(t, b, "z", 3<<20)
		large := waits(t, b, hold(t, b, "k", 0), 9<<19)
		for range 2 { // until the oldest was passed by often enough
			next := hold(t, b, "k", 0)
			end := waits(t, b, next, 4<<20)
			first.close()
			if s := got(end); s != "<nil>" {
				t.Fatal(s)
			}
			first = next
		}
		first.give(forBody, 3<<20)
		if b.kept != 3<<19 || got(large) != "waits" {
			t.Fatalf("%d bytes are kept", b.kept)
		}
		if w := hold(t, b, "other", 0); w.try(forBody, 7<<19) {
			t.Error("another key gets what is kept")
		}
		if !first.try(forBody, 13<<18) {
			t.Error("the key itself does not")
		}
		first.close()
		rest.close()
		if s := got(large); s != "<nil>" {
			t.Errorf("the oldest %s", s)
		}
	})
}

func TestAKeyAtItsShareHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(1<<20, 0)
		_, held := fill(b, "greedy", 32<<10)
		end := waits(t, b, hold(t, b, "greedy", 0), 200<<10)
		for i := range 200 {
			w := hold(t, b, "other", 100<<10)
			w.close()
			if s := got(end); s != "waits" {
				t.Fatalf("%d: %s", i, s)
			}
		}
		for _, w := range held {
			w.close()
		}
		if s := got(end); s != "<nil>" {
			t.Error(s)
		}
	})
}

func TestTheLeastHeavyKeyIsNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(1<<20, 0)
		full := []*reservation{hold(t, b, "x", 330<<10), hold(t, b, "y", 220<<10), hold(t, b, "z", 140<<10)}
		hold(t, b, "heavy", 100<<10)
		heavy := waits(t, b, hold(t, b, "heavy", 0), 120<<10)
		light := waits(t, b, hold(t, b, "light", 0), 120<<10)
		full[2].give(forBody, 40<<10)
		if h, l := got(heavy), got(light); h != "waits" || l != "<nil>" {
			t.Errorf("heavy: %s, light: %s", h, l)
		}
	})
}

func TestNobodyWaitsForThoseWhoWaitThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(1<<20, 0)
		_, held := fill(b, "a", 128<<10)
		var ends []chan error
		for _, w := range held {
			ends = append(ends, waits(t, b, w, 128<<10))
		}
		last := len(held) - 1
		if s := got(ends[last]); s != errNoRoom.Error() {
			t.Fatalf("the last that stopped: %s", s)
		}
		held[last].close()
		if s := got(ends[0]); s != "<nil>" {
			t.Errorf("the first, once there is room: %s", s)
		}
		for _, w := range held[:last] {
			go w.close()
		}
	})
}

func TestAWaitEndsWithItsTimeOrItsClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(1<<20, 0)
		hold(t, b, "a", 512<<10)
		w := &reservation{budget: b, key: "a"}
		waited, err := w.take(t.Context(), forBody, 100<<10, 3*time.Second)
		if !errors.Is(err, errNoRoom) || waited != 3*time.Second {
			t.Errorf("%s, %v", waited, err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if waited, err = w.take(ctx, forBody, 100<<10, time.Minute); !errors.Is(err, context.DeadlineExceeded) || waited != time.Second {
			t.Errorf("%s, %v", waited, err)
		}
		if len(b.line) != 0 || b.oldest.Len() != 0 || len(b.holders) != 1 {
			t.Errorf("%d in line, %d claims, %d keys", len(b.line), b.oldest.Len(), len(b.holders))
		}
	})
}

// TestWhateverHappensNothingIsLost has many take, wait, give and leave at once, in any order.
func TestWhateverHappensNothingIsLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		b := newBudget(1<<20, 100<<10)
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() { live(t, b, fmt.Sprint("key", i%5), rand.New(rand.NewPCG(seed, uint64(i)))) })
		}
		wg.Wait()
		if b.taken != 0 || b.stuck != 0 || b.kept != 0 || b.by != [purposes]int64{} || len(b.holders) != 0 || len(b.line) != 0 || b.oldest.Len() != 0 {
			t.Fatalf("seed %d: %d taken, %d stuck, %d kept, %v, %d keys, %d in line, %d claims", seed, b.taken, b.stuck, b.kept, b.by, len(b.holders), len(b.line), b.oldest.Len())
		}
	}
}

func live(t *testing.T, b *budget, key string, r *rand.Rand) {
	w := &reservation{budget: b, key: key}
	for range 200 {
		of, n := purpose(r.IntN(int(purposes))), int64(1)<<r.IntN(19)
		switch r.IntN(8) {
		case 0, 1:
			w.try(of, n)
		case 2, 3:
			_, _ = w.take(t.Context(), of, n, time.Duration(r.IntN(1000))*time.Microsecond)
		case 4, 5:
			w.give(of, n)
		case 6:
			w.drop(of)
		default:
			w.close()
			w = &reservation{budget: b, key: key}
		}
		b.check(t)
	}
	w.close()
}

// check is what holds at any time.
func (b *budget) check(t *testing.T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var sum, stuck int64
	for _, h := range b.holders {
		if h.taken < 0 || h.small < 0 || h.small > h.taken || h.stuck < 0 || h.stuck > h.taken || h.reservations < 1 || len(h.claims) > 0 != (h.at >= 0) {
			t.Errorf("%+v", h)
		}
		sum, stuck = sum+h.taken, stuck+h.stuck
	}
	if sum != b.taken || stuck != b.stuck || b.taken > b.size || b.kept < 0 || b.kept > b.size-b.taken {
		t.Errorf("%d taken of %d, %d by keys; %d of %d are stuck; %d kept", b.taken, b.size, sum, b.stuck, stuck, b.kept)
	}
	if b.taken == 0 && b.oldest.Len() > 0 {
		t.Errorf("%d wait although nothing is held", b.oldest.Len())
	}
	for i := range b.line {
		if b.line[i].at != i || i > 0 && b.line.Less(i, (i-1)/2) {
			t.Errorf("the line is not in order at %d", i)
		}
	}
}

// FuzzBudget does what the bytes say, one thing after the other.
func FuzzBudget(f *testing.F) {
	f.Add([]byte{0, 40, 1, 60, 7, 3, 9, 200, 31})
	f.Fuzz(func(t *testing.T, deeds []byte) {
		b := newBudget(1<<16, 1<<14)
		var ws [8]*reservation
		for i := range ws {
			ws[i] = &reservation{budget: b, key: fmt.Sprint(i / 2)}
		}
		for i := 0; i+1 < len(deeds); i += 2 {
			w, of, n := ws[deeds[i]%8], purpose(deeds[i]>>3)%purposes, int64(deeds[i+1])<<8
			switch deeds[i] >> 6 {
			case 0, 1:
				w.try(of, n)
			case 2:
				w.give(of, n)
			default:
				b.resize(1<<16+n, 1<<14)
				b.resize(1<<16, 1<<14)
			}
			b.check(t)
		}
		for _, w := range ws {
			w.close()
		}
		if b.taken != 0 || len(b.holders) != 0 {
			t.Errorf("%d bytes of %d keys are left", b.taken, len(b.holders))
		}
	})
}

func BenchmarkTakeAndGive(b *testing.B) {
	all := newBudget(1<<30, 1<<20)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			w := reservation{budget: all, key: "a"}
			w.try(forBody, 4<<10)
			w.close()
		}
	})
}
