package limit_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/unit"
)

const dollar = 1_000_000_000

// gate runs a test with a gate on a clock that only the test moves, a Monday noon in Berlin.
func gate(t *testing.T, test func(t *testing.T, g *limit.Gate)) {
	t.Helper()
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 12, 0, 0, 0, berlin)))
		test(t, limit.NewGate(time.Now, berlin, nil))
	})
}

func with(p key.Policy) limit.Ask { return by(&key.Key{ID: "k", Policy: p}) }

func by(k *key.Key) limit.Ask { return limit.Ask{Holders: []limit.Holder{k.Holder()}} }

// spent is what was spent on a day, in a week and in all.
func spent(day, week, total int64) (s limit.Spent) {
	s.Set(unit.Cost, limit.Day, day)
	s.Set(unit.Cost, limit.Week, week)
	s.Set(unit.Cost, limit.Total, total)
	return s
}

func admit(t *testing.T, g *limit.Gate, ask limit.Ask) *limit.Permit {
	t.Helper()
	p, err := g.Admit(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func refused(t *testing.T, g *limit.Gate, ask limit.Ask) *limit.Exceeded {
	t.Helper()
	_, err := g.Admit(t.Context(), ask)
	var r *limit.Exceeded
	if !errors.As(err, &r) {
		t.Fatalf("not refused: %v", err)
	}
	return r
}

func TestRequestsPerMinuteSlide(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 2)}}})
		admit(t, g, ask).Release()
		time.Sleep(30 * time.Second)
		admit(t, g, ask).Release()
		r := refused(t, g, ask)
		if r.Limit != limit.Name("requests per minute") || r.Max != 2 || r.Used != 2 || r.RetryAfter != 31*time.Second || r.Spent() {
			t.Errorf("%+v", r)
		}
		time.Sleep(r.RetryAfter)
		admit(t, g, ask).Release()
		refused(t, g, ask)
	})
}

func TestTokensPerMinuteHoldTheEstimateUntilTheTruthIsKnown(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Tokens, limit.Minute, 1000)}}})
		ask.Amounts[unit.Tokens] = 600
		one, two := admit(t, g, ask), admit(t, g, ask)
		r := refused(t, g, ask)
		if r.Limit != limit.Name("tokens per minute") || r.Used != 1200 || r.Reserved != 1200 {
			t.Errorf("%+v", r)
		}
		one.Settle(unit.Amounts{unit.Tokens: 100, unit.Cost: 0})
		two.Settle(unit.Amounts{unit.Tokens: 100, unit.Cost: 0})
		two.Settle(unit.Amounts{unit.Tokens: 100_000, unit.Cost: 0}) // only the first counts
		if u := g.Use("k"); u.In(unit.Tokens, limit.Minute) != 200 || u.Reserved[unit.Tokens] != 0 {
			t.Errorf("%+v", u)
		}
		admit(t, g, ask).Settle(unit.Amounts{unit.Tokens: 900, unit.Cost: 0})
		if r := refused(t, g, ask); r.Used != 1100 || r.RetryAfter != 61*time.Second {
			t.Errorf("%+v", r)
		}
	})
}

func TestBudgetsAreRefusedOnceSpentAndBeginAnew(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, 10*dollar), limit.Per(unit.Cost, limit.Week, 25*dollar), limit.Per(unit.Cost, limit.Total, 30*dollar)}}})
		spend := func(n int64) {
			t.Helper()
			p := admit(t, g, ask)
			p.Release()
			p.Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: n * dollar})
		}
		spend(9)
		spend(3) // a request that was let in may pass the limit by what it costs
		r := refused(t, g, ask)
		if r.Limit != limit.Name("daily cost") || !r.Spent() || r.Used != 12*dollar || r.RetryAfter != 12*time.Hour {
			t.Errorf("%+v", r)
		}
		for _, part := range []string{"daily cost", "$10.0000", "$12.0000", "2026-11-24T00:00:00+01:00"} {
			if !strings.Contains(r.Error(), part) {
				t.Errorf("%q does not say %q", r.Error(), part)
			}
		}
		time.Sleep(12 * time.Hour) // Tuesday
		spend(13)
		time.Sleep(24 * time.Hour) // Wednesday
		if r := refused(t, g, ask); r.Limit != limit.Name("weekly cost") || !r.Reset.Equal(time.Date(2026, 11, 29, 23, 0, 0, 0, time.UTC)) {
			t.Errorf("%+v", r)
		}
		time.Sleep(5 * 24 * time.Hour) // Monday
		spend(5)
		r = refused(t, g, ask)
		if r.Limit != limit.Name("total cost") || r.RetryAfter != 0 || !r.Reset.IsZero() {
			t.Errorf("%+v", r)
		}
	})
}

func TestABudgetThatIsOnlyReservedIsNotCalledSpent(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, 10*dollar)}}})
		ask.Amounts[unit.Cost] = 6 * dollar
		p := admit(t, g, ask)
		admit(t, g, ask)
		r := refused(t, g, ask)
		if r.Spent() || r.RetryAfter == 0 || !strings.Contains(r.Error(), "in flight") {
			t.Errorf("%+v: %v", r, r)
		}
		p.Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: dollar})
		admit(t, g, ask)
	})
}

func TestWhatWasSpentBeforeARestartCounts(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }
	g := limit.NewGate(now, time.UTC, map[string]limit.Spent{"k": spent(1, 2, 3)})
	for _, p := range []key.Policy{{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, 1)}}}, {Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Week, 2)}}}, {Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Total, 3)}}}} {
		refused(t, g, with(p))
	}
	admit(t, g, with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, 2), limit.Per(unit.Cost, limit.Week, 3), limit.Per(unit.Cost, limit.Total, 4)}}}))
}

func TestConcurrencyIsFreedOnceAndAtOnce(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 3)}, Concurrency: 2}})
		one, two := admit(t, g, ask), admit(t, g, ask)
		r := refused(t, g, ask)
		if r.Limit != limit.Concurrency || r.Max != 2 || r.Used != 2 {
			t.Errorf("%+v", r)
		}
		one.Release()
		one.Release()
		three := admit(t, g, ask) // the refused request was not counted against the rate
		if r := refused(t, g, ask); r.Limit != limit.Name("requests per minute") {
			t.Errorf("%+v", r)
		}
		two.Release()
		three.Release()
		if u := g.Use("k"); u.InFlight != 0 {
			t.Errorf("%+v", u)
		}
	})
}

func TestTheQueueIsServedInOrder(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Concurrency: 1, Queue: 3, QueueWait: time.Minute}})
		inside := admit(t, g, ask)
		var order []int
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				p := admit(t, g, ask)
				order = append(order, i)
				time.Sleep(time.Second)
				p.Release()
			})
			synctest.Wait()
		}
		if r := refused(t, g, ask); r.Limit != limit.Concurrency || r.Position != 0 {
			t.Errorf("a full queue: %+v", r)
		}
		if u := g.Use("k"); u.Queued != 3 || u.InFlight != 1 {
			t.Errorf("%+v", u)
		}
		inside.Release()
		wg.Wait()
		if len(order) != 3 || order[0] != 0 || order[1] != 1 || order[2] != 2 {
			t.Errorf("served in the order %v", order)
		}
	})
}

func TestWaitingEndsWithTheQueueWait(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Concurrency: 1, Queue: 3, QueueWait: 10 * time.Second}})
		admit(t, g, ask)
		start := time.Now()
		r := refused(t, g, ask)
		if time.Since(start) != 10*time.Second || r.Waited != 10*time.Second || r.Position != 1 || !strings.Contains(r.Error(), "number 1") {
			t.Errorf("after %v: %+v", time.Since(start), r)
		}
		if u := g.Use("k"); u.Queued != 0 {
			t.Errorf("%+v", u)
		}
	})
}

func TestAClientThatLeavesTheQueueLeavesNoTrace(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Concurrency: 1, Queue: 2, QueueWait: time.Hour}})
		inside := admit(t, g, ask)
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { _, err := g.Admit(ctx, ask); left <- err }()
		synctest.Wait()
		next := make(chan *limit.Permit)
		go func() { next <- admit(t, g, ask) }()
		synctest.Wait()
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		inside.Release()
		(<-next).Release()
		if u := g.Use("k"); u.InFlight != 0 || u.Queued != 0 {
			t.Errorf("%+v", u)
		}
	})
}

func TestASlotHandedToAClientThatLeftGoesToTheNext(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		for range 50 {
			ask := with(key.Policy{Limits: limit.Limits{Concurrency: 1, Queue: 2, QueueWait: time.Hour}})
			inside := admit(t, g, ask)
			ctx, leave := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() {
				if p, err := g.Admit(ctx, ask); err == nil {
					p.Release()
				}
			})
			synctest.Wait()
			wg.Go(func() { inside.Release() })
			wg.Go(leave)
			wg.Wait()
			if u := g.Use("k"); u.InFlight != 0 || u.Queued != 0 {
				t.Fatalf("%+v", u)
			}
		}
	})
}

func TestRatesUsedUpWhileARequestQueuedRefuseIt(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, dollar)}, Concurrency: 1, Queue: 1, QueueWait: time.Minute}})
		inside := admit(t, g, ask)
		got := make(chan error)
		go func() { _, err := g.Admit(t.Context(), ask); got <- err }()
		synctest.Wait()
		inside.Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: dollar})
		inside.Release()
		var r *limit.Exceeded
		if err := <-got; !errors.As(err, &r) || r.Limit != limit.Name("daily cost") {
			t.Errorf("%v", err)
		}
		if u := g.Use("k"); u.InFlight != 0 {
			t.Errorf("%+v", u)
		}
	})
}

func BenchmarkAdmit(b *testing.B) {
	g := limit.NewGate(time.Now, time.Local, nil)
	ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 1<<60), limit.Per(unit.Tokens, limit.Minute, 1<<60), limit.Per(unit.Cost, limit.Day, 1<<60)}, Concurrency: 100}})
	b.ReportAllocs()
	for b.Loop() {
		p, err := g.Admit(b.Context(), ask)
		if err != nil {
			b.Fatal(err)
		}
		p.Release()
		p.Settle(unit.Amounts{unit.Tokens: 10, unit.Cost: 10})
	}
}

func TestABudgetIsSpentHoweverMuchIsCharged(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, dollar), limit.Per(unit.Cost, limit.Week, dollar), limit.Per(unit.Cost, limit.Total, dollar)}}})
		ask.Amounts[unit.Cost] = dollar / 2
		first, second, third := admit(t, g, ask), admit(t, g, limit.Ask{Holders: ask.Holders}), admit(t, g, limit.Ask{Holders: ask.Holders})
		second.Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: math.MaxInt64})
		third.Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: math.MaxInt64})
		if r := refused(t, g, ask); !r.Unit.Money() || r.Used != math.MaxInt64 {
			t.Errorf("%+v", r)
		}
		if u := g.Use("k"); u.In(unit.Cost, limit.Day) != math.MaxInt64 || u.In(unit.Cost, limit.Week) != math.MaxInt64 || u.In(unit.Cost, limit.Total) != math.MaxInt64 || !u.Spent.Full() {
			t.Errorf("%+v", u.Spent)
		}
		first.Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: 1})
	})
}

func policy(rules ...limit.Rule) key.Policy { return key.Policy{Limits: limit.Limits{Rules: rules}} }
