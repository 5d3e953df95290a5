package limit_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/usage"
)

// heir counts for a gate that was handed over, with a gate of its own.
type heir struct {
	gate *limit.Gate

	mu    sync.Mutex
	asked int
}

type heirSeat struct{ permit *limit.Permit }

func (h *heir) Admit(ctx context.Context, ask limit.Ask) (limit.Seat, error) {
	h.mu.Lock()
	h.asked++
	h.mu.Unlock()
	p, err := h.gate.Admit(ctx, ask)
	if err != nil {
		return nil, err
	}
	return heirSeat{p}, nil
}

func (h *heir) Adopt(ask limit.Ask) limit.Seat {
	return heirSeat{h.gate.Adopt(ask.Key.ID, ask.Tokens, ask.Cost)}
}

func (h *heir) Use(context.Context, *key.Key) (limit.Use, error) { return limit.Use{}, nil }
func (h *heir) Away() error                                      { return nil }

func (s heirSeat) Release()                     { s.permit.Release() }
func (s heirSeat) Settle(tokens, charged int64) { s.permit.Settle(tokens, charged) }
func (heirSeat) Spent() usage.Charges           { return usage.Charges{} }
func (s heirSeat) Waited() time.Duration        { return s.permit.Waited() }

// TestTwoGatesCountAsOneAfterAHandover: what was in flight, what was spent and what the rates had counted goes on in the other
// gate, and what the first one lets in from then on is let in by that.
func TestTwoGatesCountAsOneAfterAHandover(t *testing.T) {
	gate(t, func(t *testing.T, old *limit.Gate) {
		policy := key.Policy{RequestsPerMinute: 4, TokensPerMinute: 1000, Concurrency: 2, DailyCost: 10 * dollar}
		ask := with(policy)
		ask.Tokens, ask.Cost = 100, dollar
		done := admit(t, old, ask)
		done.Settle(50, 3*dollar)
		done.Release()
		running := admit(t, old, ask)

		h := &heir{gate: limit.NewGate(time.Now, time.UTC, nil)}
		h.gate.Inherit(old.Entrust(h))
		u := h.gate.Use("k")
		if u.InFlight != 1 || u.RequestsInMinute != 2 || u.TokensInMinute != 50 || u.Spent.Day != 3*dollar || u.ReservedTokens != 100 || u.ReservedCost != dollar {
			t.Errorf("after the handover: %+v", u)
		}
		second := admit(t, old, ask)
		if r := refused(t, old, ask); r.Limit != limit.Concurrency {
			t.Errorf("the old gate: %v", r)
		}
		if r := refused(t, h.gate, ask); r.Limit != limit.Concurrency {
			t.Errorf("the new gate: %v", r)
		}
		running.Release()
		running.Settle(10, dollar)
		second.Settle(20, dollar)
		second.Release()
		if u := h.gate.Use("k"); u.InFlight != 0 || u.TokensInMinute != 80 || u.Spent.Day != 5*dollar || u.ReservedTokens != 0 || u.ReservedCost != 0 {
			t.Errorf("at the end: %+v", u)
		}

		old.Reclaim(map[string]usage.Charges{"k": {Day: 6 * dollar, Week: 6 * dollar, Total: 6 * dollar}})
		if u := old.Use("k"); u.InFlight != 0 || u.Spent.Day != 6*dollar || u.ReservedCost != 0 {
			t.Errorf("taken back: %+v", u)
		}
		before := h.asked
		admit(t, old, ask).Release()
		if h.asked != before {
			t.Error("the other gate was asked after everything was taken back")
		}
	})
}

// TestWhoWaitsAtAHandoverWaitsInTheOtherGate, and gets the slot when the one who has it leaves the first gate.
func TestWhoWaitsAtAHandoverWaitsInTheOtherGate(t *testing.T) {
	gate(t, func(t *testing.T, old *limit.Gate) {
		ask := with(key.Policy{Concurrency: 1, Queue: 2, QueueWait: time.Minute})
		running := admit(t, old, ask)
		got := make(chan error, 1)
		go func() {
			p, err := old.Admit(context.Background(), ask)
			if err == nil {
				p.Release()
			}
			got <- err
		}()
		synctest.Wait()
		h := &heir{gate: limit.NewGate(time.Now, time.UTC, nil)}
		h.gate.Inherit(old.Entrust(h))
		synctest.Wait()
		if u := h.gate.Use("k"); u.InFlight != 1 || u.Queued != 1 {
			t.Errorf("in the other gate: %+v", u)
		}
		running.Release()
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
}
