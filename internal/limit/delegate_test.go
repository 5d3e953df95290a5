package limit_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/unit"
)

// successor counts for a gate that was handed over, with a gate of its own.
type successor struct {
	gate *limit.Gate

	mu    sync.Mutex
	asked int
}

type successorSeat struct{ permit *limit.Permit }

func (h *successor) Admit(ctx context.Context, of limit.Holder, estimate unit.Amounts) (limit.Seat, error) {
	h.mu.Lock()
	h.asked++
	h.mu.Unlock()
	p, err := h.gate.Admit(ctx, limit.Ask{Holders: []limit.Holder{of}, Amounts: estimate})
	if err != nil {
		return nil, err
	}
	return successorSeat{p}, nil
}

func (h *successor) Adopt(of limit.Holder, estimate unit.Amounts) limit.Seat {
	return successorSeat{h.gate.Adopt(of.ID, estimate)}
}

func (h *successor) Use(_ context.Context, _ limit.Holder, mine limit.Use) (limit.Use, error) {
	return mine, nil
}
func (h *successor) Closed() error { return nil }

func (s successorSeat) Release()                 { s.permit.Release() }
func (s successorSeat) Settle(used unit.Amounts) { s.permit.Settle(used) }
func (s successorSeat) Cancel()                  { s.permit.Cancel() }
func (successorSeat) Spent() limit.Spent         { return limit.Spent{} }
func (s successorSeat) Waited() time.Duration    { return s.permit.Waited() }

// TestTwoGatesCountAsOneAfterAHandover: what was in flight, what was spent and what the rates had counted goes on in the other
// gate, and what the first one lets in from then on is let in by that.
func TestTwoGatesCountAsOneAfterAHandover(t *testing.T) {
	gate(t, func(t *testing.T, old *limit.Gate) {
		policy := key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 4), limit.Per(unit.Tokens, limit.Minute, 1000), limit.Per(unit.Cost, limit.Day, 10*dollar)}, Concurrency: 2}}
		ask := with(policy)
		ask.Amounts[unit.Tokens], ask.Amounts[unit.Cost] = 100, dollar
		done := admit(t, old, ask)
		done.Settle(unit.Amounts{unit.Tokens: 50, unit.Cost: 3 * dollar})
		done.Release()
		running := admit(t, old, ask)

		h := &successor{gate: limit.NewGate(time.Now, time.UTC, nil)}
		h.gate.Inherit(old.Delegate(h))
		u := h.gate.Use("k")
		if u.InFlight != 1 || u.In(unit.Requests, limit.Minute) != 2 || u.In(unit.Tokens, limit.Minute) != 50 || u.In(unit.Cost, limit.Day) != 3*dollar || u.Reserved[unit.Tokens] != 100 || u.Reserved[unit.Cost] != dollar {
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
		running.Settle(unit.Amounts{unit.Tokens: 10, unit.Cost: dollar})
		second.Settle(unit.Amounts{unit.Tokens: 20, unit.Cost: dollar})
		second.Release()
		if u := h.gate.Use("k"); u.InFlight != 0 || u.In(unit.Tokens, limit.Minute) != 80 || u.In(unit.Cost, limit.Day) != 5*dollar || u.Reserved[unit.Tokens] != 0 || u.Reserved[unit.Cost] != 0 {
			t.Errorf("at the end: %+v", u)
		}

		old.TakeBack(map[string]limit.Spent{"k": spent(6*dollar, 6*dollar, 6*dollar)})
		if u := old.Use("k"); u.InFlight != 0 || u.In(unit.Cost, limit.Day) != 6*dollar || u.Reserved[unit.Cost] != 0 {
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
		ask := with(key.Policy{Limits: limit.Limits{Concurrency: 1, Queue: 2, QueueWait: time.Minute}})
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
		h := &successor{gate: limit.NewGate(time.Now, time.UTC, nil)}
		h.gate.Inherit(old.Delegate(h))
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
