package limit_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/clock"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/outage"
	"crs/internal/unit"
)

func enter(t *testing.T, g *limit.Gate, ask limit.Ask) *limit.Permit {
	t.Helper()
	p, err := g.Enter(t.Context(), ask.Holders)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func turnedAway(t *testing.T, g *limit.Gate, ask limit.Ask) *limit.Exceeded {
	t.Helper()
	_, err := g.Enter(t.Context(), ask.Holders)
	var r *limit.Exceeded
	if !errors.As(err, &r) {
		t.Fatalf("not refused: %v", err)
	}
	return r
}

func charge(t *testing.T, p *limit.Permit, ask limit.Ask) *limit.Permit {
	t.Helper()
	p, err := p.Charge(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEnteringTakesASlotAndChargesNothing(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 1), limit.Per(unit.Tokens, limit.Minute, 1000), limit.Per(unit.Cost, limit.Day, dollar)}, Concurrency: 2}})
		ask.Amounts[unit.Tokens], ask.Amounts[unit.Cost] = 600, dollar/2
		one, two := enter(t, g, ask), enter(t, g, ask)
		if u := g.Use("k"); u.InFlight != 2 || u.In(unit.Requests, limit.Minute) != 0 || u.Reserved[unit.Tokens] != 0 || u.Reserved[unit.Cost] != 0 {
			t.Errorf("%+v", u)
		}
		if r := turnedAway(t, g, ask); r.Limit != limit.Concurrency {
			t.Errorf("%v", r)
		}
		charge(t, one, ask)
		if u := g.Use("k"); u.InFlight != 2 || u.In(unit.Requests, limit.Minute) != 1 || u.Reserved[unit.Tokens] != 600 || u.Reserved[unit.Cost] != dollar/2 {
			t.Errorf("%+v", u)
		}
		_, err := two.Charge(t.Context(), ask) // the rate was used up while its body came
		var r *limit.Exceeded
		if !errors.As(err, &r) || r.Limit != limit.Name("requests per minute") {
			t.Errorf("%v", err)
		}
		two.Release() // as an exchange does at its end
		two.Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: 0})
		if u := g.Use("k"); u.InFlight != 1 {
			t.Errorf("the refused one holds a slot: %+v", u)
		}
		one.Settle(unit.Amounts{unit.Tokens: 100, unit.Cost: dollar})
		one.Release()
		if u := g.Use("k"); u.InFlight != 0 || u.Reserved[unit.Tokens] != 0 || u.Reserved[unit.Cost] != 0 || u.In(unit.Tokens, limit.Minute) != 100 || u.In(unit.Cost, limit.Day) != dollar {
			t.Errorf("%+v", u)
		}
		time.Sleep(2 * time.Minute)
		if r := turnedAway(t, g, ask); r.Limit != limit.Name("daily cost") || !r.Spent() {
			t.Errorf("%v", r)
		}
	})
}

func TestWhoEntersWaitsInTheQueue(t *testing.T) {
	gate(t, func(t *testing.T, g *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Concurrency: 1, Queue: 1, QueueWait: time.Minute}})
		first := enter(t, g, ask)
		got := make(chan time.Duration, 1)
		go func() {
			p, err := g.Enter(context.Background(), ask.Holders)
			if err != nil {
				t.Error(err)
				return
			}
			got <- p.Waited()
			p.Release()
		}()
		synctest.Wait()
		if r := turnedAway(t, g, ask); r.Limit != limit.Concurrency {
			t.Errorf("%v", r)
		}
		time.Sleep(3 * time.Second)
		first.Release()
		if d := <-got; d != 3*time.Second {
			t.Errorf("it waited %s", d)
		}
	})
}

// TestAnEntryThatANewProcessTakesOverIsChargedThere.
func TestAnEntryThatANewProcessTakesOverIsChargedThere(t *testing.T) {
	gate(t, func(t *testing.T, old *limit.Gate) {
		ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 5)}, Concurrency: 1}})
		p := enter(t, old, ask)
		h := &successor{gate: limit.NewGate(time.Now, time.UTC, nil)}
		h.gate.Inherit(old.Delegate(h))
		if u := h.gate.Use("k"); u.InFlight != 1 || u.In(unit.Requests, limit.Minute) != 0 {
			t.Errorf("before it is charged: %+v", u)
		}
		p = charge(t, p, ask)
		if u := h.gate.Use("k"); u.InFlight != 1 || u.In(unit.Requests, limit.Minute) != 1 {
			t.Errorf("charged: %+v", u)
		}
		p.Release()
		p.Settle(unit.Amounts{unit.Tokens: 1, unit.Cost: 1})
		if u := h.gate.Use("k"); u.InFlight != 0 || u.In(unit.Cost, limit.Total) != 1 {
			t.Errorf("at the end: %+v", u)
		}
		late := enter(t, old, ask) // on its way in while everything is taken back
		old.TakeBack(map[string]limit.Spent{})
		late = charge(t, late, ask)
		if u := old.Use("k"); u.InFlight != 1 {
			t.Errorf("taken back: %+v", u)
		}
		late.Release()
	})
}

func testClock() limit.Clock {
	start := time.Now()
	return clock.New(time.Now, func() time.Duration { return time.Since(start) })
}

// counting is a shared count that says how often it was asked.
type counting struct {
	successor
	closed error
}

func (c *counting) Closed() error { return c.closed }

func TestEnteringAsksNobodyElse(t *testing.T) {
	gate(t, func(t *testing.T, elsewhere *limit.Gate) {
		c := &counting{successor: successor{gate: elsewhere}}
		g := limit.New(limit.Options{Clock: testClock(), Zone: time.UTC, Shared: c})
		ask := with(key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 3), limit.Per(unit.Cost, limit.Total, dollar)}, Concurrency: 2, Queue: 1, QueueWait: time.Second}})
		var all []*limit.Permit
		for range 3 { // as many as may be inside or wait
			all = append(all, enter(t, g, ask))
		}
		if r := turnedAway(t, g, ask); r.Limit != limit.Concurrency || c.asked != 0 {
			t.Errorf("%v, and the shared count was asked %d times", r, c.asked)
		}
		all[0] = charge(t, all[0], ask)
		if c.asked != 1 {
			t.Errorf("charging one asked %d times", c.asked)
		}
		all[0].Settle(unit.Amounts{unit.Tokens: 1, unit.Cost: 2 * dollar})
		for _, p := range all {
			p.Release()
			p.Settle(unit.Amounts{unit.Tokens: 0, unit.Cost: 0})
		}
		if u := elsewhere.Use("k"); u.InFlight != 0 || u.In(unit.Cost, limit.Total) != 2*dollar {
			t.Errorf("elsewhere: %+v", u)
		}
		if r := turnedAway(t, g, ask); r.Limit != limit.Name("total cost") || c.asked != 1 {
			t.Errorf("%v, asked %d times", r, c.asked)
		}
	})
}

func TestEnteringIsRefusedWhileTheSharedCountIsAway(t *testing.T) {
	gate(t, func(t *testing.T, elsewhere *limit.Gate) {
		c := &counting{successor: successor{gate: elsewhere}, closed: &outage.Error{Why: errors.New("gone")}}
		g := limit.New(limit.Options{Clock: testClock(), Zone: time.UTC, Shared: c})
		var away *outage.Error
		if _, err := g.Enter(t.Context(), with(key.Policy{Limits: limit.Limits{Concurrency: 1}}).Holders); !errors.As(err, &away) {
			t.Errorf("%v", err)
		}
	})
}
