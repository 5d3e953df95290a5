package account_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/account"
)

// lodging shares a pool's slots with one that was handed over.
type lodging struct{ pool *account.Pool }

func (s lodging) Take(_ context.Context, of []account.Cap) (account.Slot, int, []int, error) {
	slot, taken, used := s.pool.TakeSlot(of)
	return slot, taken, used, nil
}
func (s lodging) Adopt(of account.Cap) account.Slot { return s.pool.Track(of.Account) }
func (s lodging) Publish(n account.StateUpdate)     { s.pool.ApplyUpdates([]account.StateUpdate{n}) }

// TestTwoPoolsLendAsOneAfterAHandover: slots that are taken count in the other pool, one that both want is lent once, and what
// one learns the other knows.
func TestTwoPoolsLendAsOneAfterAHandover(t *testing.T) {
	pool(t, func(t *testing.T, old *account.Pool) {
		running := pick(t, old, want())
		other := newPool(acc("a", limited(2)))
		learnt, err := old.Delegate(lodging{other})
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Restore(learnt); err != nil {
			t.Fatal(err)
		}
		if n := status(t, other, "a").InUse; n != 1 {
			t.Errorf("%d in use in the other pool", n)
		}
		second := pick(t, old, want())
		if n := status(t, other, "a").InUse; n != 2 {
			t.Errorf("%d in use in the other pool", n)
		}
		got := make(chan *account.Lease, 1)
		go func() {
			l, err := other.Pick(context.Background(), want())
			if err != nil {
				t.Error(err)
			}
			got <- l
		}()
		synctest.Wait()
		if len(got) > 0 {
			t.Fatal("a third request got one of two slots")
		}
		running.Release(account.Outcome{Result: account.Served})
		l := <-got
		l.Release(account.Outcome{Result: account.Served})
		second.Release(account.Outcome{Result: account.Exhausted, Until: time.Now().Add(time.Hour), Evidence: "spent"})
		if s := status(t, other, "a"); s.State != account.Cooling || s.InUse != 0 {
			t.Errorf("in the other pool: %+v", s)
		}
	}, acc("a", limited(2)))
}

// TestWhoWaitsForASlotAtAHandoverGetsItInTheOtherPool, and in the first one when everything is taken back.
func TestWhoWaitsForASlotAtAHandoverGetsItInTheOtherPool(t *testing.T) {
	pool(t, func(t *testing.T, old *account.Pool) {
		running := pick(t, old, want())
		other := newPool(acc("a", limited(1)))
		got := make(chan *account.Lease, 1)
		go func() {
			l, err := old.Pick(context.Background(), want())
			if err != nil {
				t.Error(err)
			}
			got <- l
		}()
		synctest.Wait()
		if _, err := old.Delegate(lodging{other}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		old.TakeBack()
		running.Release(account.Outcome{Result: account.Served})
		l := <-got
		if n := status(t, old, "a").InUse; n != 1 {
			t.Errorf("%d in use after everything was taken back", n)
		}
		l.Release(account.Outcome{Result: account.Served})
	}, acc("a", limited(1)))
}

// far is a lodging that takes its time to answer.
type far struct{ lodging }

func (s far) Take(ctx context.Context, of []account.Cap) (account.Slot, int, []int, error) {
	time.Sleep(time.Millisecond)
	defer time.Sleep(time.Millisecond)
	return s.lodging.Take(ctx, of)
}

// TestNoSlotIsLostOrDoubledHoweverOftenAPoolIsHandedOver and taken back, while requests ask, wait and leave.
func TestNoSlotIsLostOrDoubledHoweverOftenAPoolIsHandedOver(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		var inUse, served atomic.Int64
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				for n := range 100 {
					ctx, leave := context.WithTimeout(t.Context(), time.Duration(5+(i*n)%40)*time.Millisecond)
					l, err := p.Pick(ctx, want())
					leave()
					if err != nil {
						continue
					}
					if n := inUse.Add(1); n > 2 {
						t.Errorf("%d requests have one of two slots", n)
					}
					served.Add(1)
					time.Sleep(time.Duration(1+(i+n)%5) * time.Millisecond)
					inUse.Add(-1)
					l.Release(account.Outcome{Result: account.Served})
				}
			})
		}
		for n := range 200 {
			other := newPool(acc("a", limited(2)))
			if _, err := p.Delegate(far{lodging{other}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(1+n%7) * time.Millisecond)
			if in := status(t, other, "a").InUse; in > 2 {
				t.Errorf("%d of two slots are taken in the other pool", in)
			}
			p.TakeBack()
			time.Sleep(time.Duration(1+n%3) * time.Millisecond)
		}
		wg.Wait()
		if in := status(t, p, "a").InUse; in != 0 || p.Waiting() != 0 || served.Load() < 300 {
			t.Errorf("%d slots in use, %d waiting, %d served", in, p.Waiting(), served.Load())
		}
	}, acc("a", limited(2)))
}
