package daemon

import (
	"context"
	"time"

	"crs/internal/limit"
	"crs/internal/patience"
)

// spent is what keys have used, with all that is in the ledger.
func (d *Daemon) spent(ctx context.Context, furthest limit.Window) (map[string]limit.Spent, error) {
	if err := d.ledger.Flush(ctx); err != nil {
		return nil, err
	}
	return d.charged(ctx, furthest)
}

// warnOfFull says whose charges cannot be counted any further.
func (d *Daemon) warnOfFull(spent map[string]limit.Spent) {
	for id, c := range spent {
		if c.Full() {
			d.log.Warn("a key has used more than can be counted, because an upstream said that it used far too much; its budgets count as spent", "key", id)
		}
	}
}

// askPatience is how long clients wait for a store that is to tell what keys have spent. After that they are served by what
// this process knows.
const askPatience = 2 * time.Second

// spentNow is spent, or what can be known of it at once. The rest is learnt later.
func (d *Daemon) spentNow() map[string]limit.Spent {
	spent, err := patience.Get(2*askPatience, func() (map[string]limit.Spent, error) {
		ctx, stop := context.WithTimeout(context.Background(), askPatience)
		defer stop()
		return d.spent(ctx, limit.Furthest(d.limited()))
	})
	if err != nil {
		d.log.Error("cannot learn yet what keys have spent; budgets count on from what this process knows", "error", err)
		d.learnLater()
	}
	return spent
}

func (d *Daemon) learnLater() {
	select {
	case d.unlearnt <- struct{}{}:
	default:
	}
}

// learnSpent has budgets know what was spent, whenever that could not be learnt at once.
func (d *Daemon) learnSpent(ctx context.Context) error {
	for {
		select {
		case <-d.unlearnt:
		case <-ctx.Done():
			return nil
		}
		holders := d.limited()
		furthest := limit.Furthest(holders)
		spent, err := d.spent(ctx, furthest)
		if err == nil {
			d.gate.Raise(spent)
			d.gate.Knows(furthest)
			err = d.recall(ctx, holders)
		}
		if err == nil {
			continue
		}
		select {
		case <-time.After(learnAgain):
			d.learnLater()
		case <-ctx.Done():
			return nil
		}
	}
}

// learnAgain is when a store that could not tell is asked again.
const learnAgain = time.Second
