package limit

import (
	"context"
	"slices"
	"sync"
	"time"

	"crs/internal/bound"
	"crs/internal/key"
)

// book is the count of one key.
type book struct {
	id      string     // the key's
	mu      sync.Mutex // guards the fields below
	inside  []*Permit  // who holds a slot; its length is the concurrency
	waiting []*waiter  // who waits for one, first come first
	// visiting is how many have entered and will be counted elsewhere.
	visiting int
	// The windows are made when a limit first needs them: most keys of many have none.
	requests, tokens *window
	budget           budget
	// What the shared count last said of the budget, and when.
	heard   *Refused
	heardAt time.Duration
	// What requests in flight hold back.
	tokensReserved, costReserved int64
}

// waiter stands in the queue until turn is closed.
type waiter struct {
	permit *Permit
	turn   chan struct{}
	moved  bool // its turn will come elsewhere; guarded by the book's lock
}

// refuse checks everything but concurrency, and charges nothing.
func (b *book) refuse(now moment, zone *time.Location, ask Ask) *Refused {
	p := &ask.Key.Policy
	if p.RequestsPerMinute > 0 && b.requests != nil {
		if used := b.requests.count(now.elapsed); used >= p.RequestsPerMinute {
			return rate(RequestsPerMinute, p.RequestsPerMinute, used, 0, now, b.requests.free(now.elapsed, p.RequestsPerMinute))
		}
	}
	if p.TokensPerMinute > 0 && b.tokens != nil {
		if used := b.tokens.count(now.elapsed) + b.tokensReserved; used >= p.TokensPerMinute {
			in := b.tokens.free(now.elapsed, p.TokensPerMinute-b.tokensReserved)
			return rate(TokensPerMinute, p.TokensPerMinute, used, b.tokensReserved, now, in)
		}
	}
	b.budget.turn(now.steady, zone)
	return b.refuseCost(now.steady, p)
}

func rate(limit Name, most, used, reserved int64, now moment, in time.Duration) *Refused {
	return &Refused{Limit: limit, Max: most, Used: used, Reserved: reserved, Reset: now.steady.Add(in), RetryAfter: max(in, time.Second)}
}

// after is at least a second: retry-after counts in whole ones.
func after(now, reset time.Time) time.Duration { return max(reset.Sub(now), time.Second) }

// Soon is when to try again while only reservations stand in the way: some request is about to settle.
const Soon = 5 * time.Second

func (b *book) refuseCost(now time.Time, p *key.Policy) *Refused {
	for _, l := range []struct {
		name       Name
		max, spent int64
		reset      time.Time
	}{
		{DailyCost, p.DailyCost, b.budget.spent.Day, b.budget.period.nextDay},
		{WeeklyCost, p.WeeklyCost, b.budget.spent.Week, b.budget.period.nextWeek},
		{TotalCost, p.TotalCost, b.budget.spent.Total, time.Time{}},
	} {
		used := bound.Sum(l.spent, b.costReserved)
		if l.max == 0 || used < l.max {
			continue
		}
		r := &Refused{Limit: l.name, Max: l.max, Used: used, Reserved: b.costReserved}
		switch {
		case !r.Spent():
			r.RetryAfter = Soon
		case !l.reset.IsZero():
			r.Reset, r.RetryAfter = l.reset, after(now, l.reset)
		}
		return r
	}
	return nil
}

// charge counts an admitted request and holds its estimate back.
func (b *book) charge(now moment, ask Ask) {
	p := &ask.Key.Policy
	if p.RequestsPerMinute > 0 {
		if b.requests == nil {
			b.requests = new(window)
		}
		b.requests.add(now.elapsed, 1)
	}
	if p.TokensPerMinute > 0 && b.tokens == nil {
		b.tokens = new(window)
	}
	b.tokensReserved += ask.Tokens
	b.costReserved += ask.Cost
}

func (b *book) settle(now moment, zone *time.Location, p *Permit, tokens, charged int64) {
	b.tokensReserved -= p.tokens
	b.costReserved -= p.cost
	if b.tokens != nil {
		b.tokens.add(now.elapsed, tokens)
	}
	b.budget.turn(now.steady, zone)
	b.budget.add(charged)
}

// enter takes a slot if there is one. Nobody overtakes those who wait.
func (b *book) enter(p *Permit, most int) bool {
	if most > 0 && (len(b.inside) >= most || len(b.waiting) > 0) {
		return false
	}
	b.seat(p)
	return true
}

func (b *book) seat(p *Permit) {
	p.seat = len(b.inside)
	b.inside = append(b.inside, p)
}

// leave gives p's slot to the first who waits.
func (b *book) leave(p *Permit) {
	p.out = true
	last := len(b.inside) - 1
	moved := b.inside[last]
	b.inside[p.seat], moved.seat = moved, p.seat
	b.inside[last] = nil
	b.inside = b.inside[:last]
	if len(b.waiting) > 0 {
		w := b.waiting[0]
		b.waiting = slices.Delete(b.waiting, 0, 1)
		b.seat(w.permit)
		close(w.turn)
	}
}

// queue waits for a slot. The lock is held when it is called and when it returns, and not in between.
func (b *book) queue(ctx context.Context, p *Permit, policy *key.Policy) error {
	if len(b.waiting) >= policy.Queue || policy.QueueWait <= 0 {
		return &Refused{Limit: Concurrency, Max: int64(policy.Concurrency), Used: int64(len(b.inside)), RetryAfter: time.Second}
	}
	w := &waiter{permit: p, turn: make(chan struct{})}
	b.waiting = append(b.waiting, w)
	start := time.Now()
	err := b.await(ctx, w, policy.QueueWait)
	p.waited = time.Since(start)
	if w.moved {
		return ErrElsewhere
	}
	position := slices.Index(b.waiting, w)
	if position < 0 { // its turn came, perhaps just as it gave up
		if err == nil || ctx.Err() == nil {
			return nil
		}
		b.leave(p)
		return ctx.Err()
	}
	b.waiting = slices.Delete(b.waiting, position, position+1)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Refused{
		Limit: Concurrency, Max: int64(policy.Concurrency), Used: int64(len(b.inside)), RetryAfter: time.Second,
		Waited: p.waited, Position: position + 1,
	}
}

func (b *book) await(ctx context.Context, w *waiter, most time.Duration) error {
	b.mu.Unlock()
	defer b.mu.Lock()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-w.turn:
		return nil
	case <-timer.C:
		return context.DeadlineExceeded
	case <-ctx.Done():
		return ctx.Err()
	}
}
