package limit

import (
	"errors"
	"time"

	"crs/internal/key"
	"crs/internal/usage"
)

// ErrElsewhere means that the counts are kept elsewhere than where they were asked for: ask again. Admit never gives it.
var ErrElsewhere = errors.New("the counts of keys are kept elsewhere now")

// Count is what a gate knows of a key beside the requests in flight.
type Count struct {
	Spent            usage.Charges
	Requests, Tokens []Tick // of the last minute
}

// Tick is what was counted within a second, so many seconds ago.
type Tick struct{ Age, N int64 }

// Entrust hands the counts over to another process: it adopts every request that is in flight, and whoever waits in a
// queue asks it anew. It gives what that process must know beside that, by key. This gate counts on beside it. Counts that
// several nodes share stay where they are: the other process is another node.
func (g *Gate) Entrust(to Shared) map[string]Count {
	if g.shared.Load() != nil {
		return nil
	}
	g.entrusted.Store(true)
	g.shared.Store(&to)
	g.mu.RLock()
	books := make([]*book, 0, len(g.books))
	for _, b := range g.books {
		books = append(books, b)
	}
	g.mu.RUnlock()
	counts := make(map[string]Count, len(books))
	now := g.now()
	for _, b := range books {
		b.mu.Lock()
		b.budget.turn(now.steady, g.zone)
		counts[b.id] = b.count(now)
		b.entrust(to)
		b.mu.Unlock()
	}
	return counts
}

// count is called with the book's lock held.
func (b *book) count(now moment) Count {
	return Count{Spent: b.budget.spent, Requests: b.requests.ticks(now.elapsed), Tokens: b.tokens.ticks(now.elapsed)}
}

// entrust is called with the book's lock held.
func (b *book) entrust(to Shared) {
	for _, p := range b.inside {
		p.shared = to.Adopt(p.asked())
	}
	for _, w := range b.waiting {
		w.moved = true
		close(w.turn)
	}
	b.waiting = nil
}

// asked is what a permit was given for, as far as it is still known.
func (p *Permit) asked() Ask {
	if p.settled {
		return Ask{Key: &key.Key{ID: p.book.id}} // it holds nothing back any more
	}
	return Ask{Key: &key.Key{ID: p.book.id}, Tokens: p.tokens, Cost: p.cost}
}

// entrustLate has the other process hear of a request that had left already when the counts were handed over, and is
// settled now. It is called with the book's lock held.
func (p *Permit) entrustLate() {
	with := p.gate.shared.Load()
	if p.shared != nil || with == nil {
		return
	}
	p.shared = (*with).Adopt(Ask{Key: &key.Key{ID: p.book.id}, Tokens: p.tokens, Cost: p.cost})
	if p.out {
		p.shared.Release()
	}
}

// Reclaim takes the counts back: the other process is gone. What this gate counted beside it holds again, and spent is
// what keys have been charged by now.
func (g *Gate) Reclaim(spent map[string]usage.Charges) {
	if !g.entrusted.Swap(false) {
		return
	}
	g.shared.Store(nil)
	g.Raise(spent)
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, b := range g.books {
		b.mu.Lock()
		for _, p := range b.inside {
			p.shared = nil
		}
		b.mu.Unlock()
	}
}

// Raise has budgets hold at least what keys have been charged.
func (g *Gate) Raise(spent map[string]usage.Charges) {
	for id, charges := range spent {
		b := g.book(id)
		b.mu.Lock()
		b.budget.turn(g.now().steady, g.zone)
		b.budget.raise(charges)
		b.mu.Unlock()
	}
}

// Inherit takes over what another process has counted.
func (g *Gate) Inherit(counts map[string]Count) {
	now := g.now()
	for id, c := range counts {
		b := g.book(id)
		b.mu.Lock()
		b.budget = budget{period: periodOf(now.steady, g.zone), spent: c.Spent}
		b.requests, b.tokens = windowOf(now.elapsed, c.Requests), windowOf(now.elapsed, c.Tokens)
		b.mu.Unlock()
	}
}

// Adopt counts a request that another process has let in, whatever the limits say: it is in flight already.
func (g *Gate) Adopt(keyID string, tokens, cost int64) *Permit {
	b := g.book(keyID)
	p := &Permit{gate: g, book: b, tokens: tokens, cost: cost}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seat(p)
	b.tokensReserved += tokens
	b.costReserved += cost
	return p
}

// ticks is nil for a window that was never made.
func (w *window) ticks(now time.Duration) []Tick {
	if w == nil {
		return nil
	}
	w.advance(second(now))
	all := []Tick{}
	for s := w.at - span + 1; s <= w.at; s++ {
		if n := w.bucket[(s%span+span)%span]; n != 0 {
			all = append(all, Tick{w.at - s, n})
		}
	}
	return all
}

func windowOf(now time.Duration, ticks []Tick) *window {
	if ticks == nil {
		return nil
	}
	w := new(window)
	w.advance(second(now))
	for _, t := range ticks {
		if t.Age >= 0 && t.Age < span {
			w.bucket[((w.at-t.Age)%span+span)%span] += t.N
			w.sum += t.N
		}
	}
	return w
}
