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

	stale atomic.Bool // what is known must be read anew
}

// reading is what the roll-ups said, when, and of which spans.
type reading struct {
	at    time.Time
	spans []limit.Span
	spent map[string]limit.Spent
}

const rolledUpFor = time.Second

// spent gives what the roll-ups know, and the spans of the calendar that this is of.
func (n *Node) spent(ctx context.Context, h limit.Holder) (limit.Spent, []limit.Span, error) {
	m, furthest := &n.rolledUp, limit.Furthest([]limit.Holder{h})
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stale.Swap(false) || m.known == nil {
		m.known = map[limit.Window]reading{}
	}
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

// raise has Redis' own count of what a key has spent begin, or go on, with what the roll-ups know: where a Redis lost its
// last moments, where a node was killed before it told, and for a key that had no such limit before.
func (n *Node) raise(ctx context.Context, h limit.Holder) error {
	known, spans, err := n.spent(ctx, h)
	if err != nil {
		err = fmt.Errorf("read what key %s has used: %w", h.ID, err)
		if errors.Is(err, store.ErrDamaged) {
			return n.lose(keySlot(h.ID), err)
		}
		return &outage.Error{Why: err}
	}
	list := budgets(h.Limits)
	for i := range list {
		list[i].Max = known.In(list[i].Unit, list[i].Window)
	}
	args := append(rules(list), n.spans()...)
	for _, s := range spans {
		args = append(args, s.Begins[2].Unix())
	}
	if _, err := n.ask(ctx, n.scripts.raise, keySlot(h.ID), n.keys.ofKey(h.ID), args...); err != nil {
		return err
	}
	n.raised.Store(h.ID, struct{}{})
	return nil
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
