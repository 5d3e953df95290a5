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
	"crs/internal/usage"
)

// charges remembers for a moment what the roll-ups say, for many keys that are compared at once.
type charges struct {
	mu        sync.Mutex // guards the fields below; held while the roll-ups are asked, for whoever comes then wants the same
	at        time.Time
	day, week time.Time // the ends of the day and week that they are of
	known     map[string]usage.Charges

	stale atomic.Bool // what is known must be read anew
}

const chargesFor = time.Second

// charged gives what the roll-ups know, and the ends of its day and week.
func (n *Node) charged(ctx context.Context, id string) (c usage.Charges, dayEnds, weekEnds time.Time, err error) {
	m := &n.charges
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stale.Swap(false) || m.known == nil || time.Since(m.at) > chargesFor {
		now := n.opt.Now()
		day, week := limit.Days(now, n.opt.Zone)
		known, err := n.opt.Charged(ctx, day, week)
		if err != nil {
			return c, dayEnds, weekEnds, err
		}
		days, weeks := limit.Bounds(now, n.opt.Zone)
		m.at, m.known, m.day, m.week = time.Now(), known, days[2], weeks[2]
	}
	return m.known[id], m.day, m.week, nil
}

// raise has Redis' own count of what a key has spent begin, or go on, with what the roll-ups know: where a Redis lost its
// last moments, where a node was killed before it told, and for a key that had no budget before.
func (n *Node) raise(ctx context.Context, id string) error {
	c, dayEnds, weekEnds, err := n.charged(ctx, id)
	if err != nil {
		err = fmt.Errorf("read what key %s was charged: %w", id, err)
		if errors.Is(err, store.ErrDamaged) {
			return n.lose(keySlot(id), err)
		}
		return &outage.Error{Why: err}
	}
	args := append(n.bounds(), dayEnds.Unix(), weekEnds.Unix(), c.Day, c.Week, c.Total)
	if _, err := n.ask(ctx, n.scripts.raise, keySlot(id), n.keys.ofKey(id), args...); err != nil {
		return err
	}
	n.raised.Store(id, struct{}{})
	return nil
}

// compare raises a key that this process has not seen before, without having the request wait for it.
func (n *Node) compare(id string) {
	if _, done := n.raised.LoadOrStore(id, struct{}{}); done {
		return
	}
	n.work.Go(func() {
		ctx, stop := context.WithTimeout(context.Background(), 2*n.wait)
		defer stop()
		if n.raise(ctx, id) != nil {
			n.raised.Delete(id)
		}
	})
}
