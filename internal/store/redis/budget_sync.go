package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"crs/internal/limit"
	"crs/internal/outage"
	"crs/internal/store"
)

// rolledUp remembers for a moment what the roll-ups say, for many keys that are compared at once.
type rolledUp struct {
	mu    sync.Mutex               // guards the fields below; held while the roll-ups are asked, for whoever comes then wants the same
	known map[limit.Window]reading // by the furthest span that was asked for
	late  map[time.Duration]lately // by how far back was asked for

	stale atomic.Bool // what is known must be read anew
}

// reading is what the roll-ups said, when, and of which spans.
type reading struct {
	at    time.Time
	spans []limit.Span
	spent map[string]limit.Spent
}

// lately is what the roll-ups said of the last hours, and when.
type lately struct {
	at   time.Time
	used map[string][]limit.Past
}

const rolledUpFor = time.Second

// forget has everything read anew where that must be. It is called with mu held.
func (m *rolledUp) forget() {
	if m.stale.Swap(false) || m.known == nil {
		m.known, m.late = map[limit.Window]reading{}, map[time.Duration]lately{}
	}
}

// Reread has what the roll-ups say read anew when it is needed next: they know more by now.
func (n *Node) Reread() { n.rolledUp.stale.Store(true) }

// spent gives what the roll-ups know, and the spans of the calendar that this is of.
func (n *Node) spent(ctx context.Context, h limit.Holder) (limit.Spent, []limit.Span, error) {
	m, furthest := &n.rolledUp, limit.Furthest([]limit.Holder{h})
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	known := m.known[furthest]
	if known.spent == nil || time.Since(known.at) > rolledUpFor {
		now := n.opt.Now()
		spent, err := n.opt.Spent(ctx, now, furthest)
		if err != nil {
			return limit.Spent{}, nil, err
		}
		known = reading{time.Now(), limit.Spans(now, n.opt.Zone), spent}
		m.known[furthest] = known
	}
	return known.spent[h.ID], known.spans, nil
}

// late gives what the roll-ups know of the hours that a holder's longest window looks back.
func (n *Node) late(ctx context.Context, h limit.Holder) ([]limit.Past, error) {
	m, longest := &n.rolledUp, limit.LongestSliding([]limit.Holder{h})
	if longest < time.Hour || n.opt.Late == nil {
		return nil, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	known := m.late[longest]
	if known.used == nil || time.Since(known.at) > rolledUpFor {
		used, err := n.opt.Late(ctx, n.opt.Now(), longest)
		if err != nil {
			return nil, err
		}
		known = lately{time.Now(), used}
		m.late[longest] = known
	}
	return known.used[h.ID], nil
}

// raise has Redis' own count of what a key has used begin, or go on, with what the roll-ups know: where a Redis lost its
// last moments, where a node was killed before it told, and for a key that had no such limit before.
func (n *Node) raise(ctx context.Context, h limit.Holder) error {
	args, err := n.knownOf(ctx, h)
	if err != nil {
		err = fmt.Errorf("read what key %s has used: %w", h.ID, err)
		if errors.Is(err, store.ErrDamaged) {
			return n.lose(keySlot(h.ID), err)
		}
		return &outage.Error{Why: err}
	}
	if _, err := n.ask(ctx, n.scripts.raise, keySlot(h.ID), n.keys.ofKey(h.ID), args...); err != nil {
		return err
	}
	n.raised.Store(h.ID, struct{}{})
	return nil
}

// knownOf is what the roll-ups know of a key, as lua/raise.lua reads it.
func (n *Node) knownOf(ctx context.Context, h limit.Holder) ([]any, error) {
	known, spans, err := n.spent(ctx, h)
	if err != nil {
		return nil, err
	}
	past, err := n.late(ctx, h)
	if err != nil {
		return nil, err
	}
	list := sliding(h.Limits)
	if h.Limits.Budgeted() {
		for _, r := range budgets(h.Limits) {
			list = append(list, limit.Per(r.Unit, r.Window, known.In(r.Unit, r.Window)))
		}
	}
	args := append(rules(list), n.spans()...)
	for _, s := range spans {
		args = append(args, s.Begins[2].Unix())
	}
	now := time.Now()
	figures := make([]figure, len(past))
	for i, p := range past {
		figures[i] = figure{now.Add(-p.Age), p.Used}
	}
	return append(args, figuresBy(figures, now)...), nil
}

// compare raises a key that this process has not seen before, without having the request wait for it.
func (n *Node) compare(h limit.Holder) {
	if _, done := n.raised.LoadOrStore(h.ID, struct{}{}); done {
		return
	}
	n.work.Go(func() {
		ctx, stop := context.WithTimeout(context.Background(), 2*n.wait)
		defer stop()
		if n.raise(ctx, h) != nil {
			n.raised.Delete(h.ID)
		}
	})
}
