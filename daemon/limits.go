package daemon

import (
	"context"
	"time"

	"crs/internal/account"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/oauth"
	"crs/internal/patience"
	"crs/internal/store/redis"
)

// join makes this daemon a node among those that share a store, so that they count requests together.
func (d *Daemon) join(opt *account.Options) {
	if d.shared.redis == nil {
		return
	}
	d.shared.limits = d.shared.redis.Join(redis.NodeOptions{Name: d.shared.node, First: d.takeover == nil, Now: d.clock.Steady, Elapsed: d.clock.Elapsed, Zone: d.zone, Spent: d.known, Late: d.late, Refuse: d.cfg.Redis.OnOutage == "refuse", Changed: d.limitsAre})
	d.shared.once.Rollups = d.shared.limits.Rollups() // nothing has been added up yet
	d.opens("limits", d.shared.limits.Leave)
	opt.Shared = d.shared.limits.Accounts()
}

func (d *Daemon) newGate(spent map[string]limit.Spent, furthest limit.Window) *limit.Gate {
	opt := limit.Options{Clock: d.clock, Zone: d.zone, Spent: spent, Furthest: furthest, Unknown: d.learnLater}
	if d.shared.limits != nil {
		opt.Shared = d.shared.limits.Counts()
	}
	return limit.New(opt)
}

// known is what the roll-ups know of the spans of the calendar around a time.
func (d *Daemon) known(ctx context.Context, now time.Time, furthest limit.Window) (map[string]limit.Spent, error) {
	return limit.Known(ctx, d.store, now, now, d.zone, furthest)
}

// limited are the keys that have limits.
func (d *Daemon) limited() (holders []limit.Holder) {
	for _, k := range d.keys.List() {
		if h := k.Holder(); h.Limits.Limited() {
			holders = append(holders, h)
		}
	}
	return holders
}

// late is what the roll-ups know of the last hours.
func (d *Daemon) late(ctx context.Context, now time.Time, back time.Duration) (map[string][]limit.Past, error) {
	return limit.Late(ctx, d.store, now, back)
}

// recall has limits over the last hours know what was used before this process began, or before they were given. Counts that nodes share
// know by themselves.
func (d *Daemon) recall(ctx context.Context, holders []limit.Holder) error {
	longest := limit.LongestSliding(holders)
	if d.shared.limits != nil || longest < time.Hour {
		return nil
	}
	past, err := d.late(ctx, d.opt.Now(), longest)
	for _, h := range holders {
		if used := past[h.ID]; used != nil {
			d.gate.Recall(h, used)
		}
	}
	return err
}

// limitsChanged has new limits of a key know what it has used already.
func (d *Daemon) limitsChanged(k *key.Key) {
	err := patience.Within(askPatience, func() error {
		ctx, stop := context.WithTimeout(context.Background(), askPatience)
		defer stop()
		if err := d.ledger.Flush(ctx); err != nil {
			return err
		}
		if d.shared.limits != nil {
			d.shared.limits.Reread()
		}
		return d.recall(ctx, []limit.Holder{k.Holder()})
	})
	if err != nil {
		d.log.Warn("cannot learn yet what a key with new limits has used; they count on from what this process knows", "key", k.Name, "error", err)
		d.learnLater()
	}
}

// locks is nil where there is no other node.
func (d *Daemon) locks() oauth.Locks {
	if d.shared.limits == nil {
		return nil
	}
	return d.shared.limits
}

// limitsAre is told when limits cannot be counted together any more, and when they can again.
func (d *Daemon) limitsAre(err error) {
	if err == nil {
		d.log.Info("limits are counted with the other nodes again, what was used meanwhile included")
		return
	}
	d.log.Error("limits cannot be counted with the other nodes", "error", err, "on_outage", d.cfg.Redis.OnOutage)
}

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

func (d *Daemon) learnLater() { patience.Poke(d.unlearnt) }

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
		if err != nil && patience.Pause(ctx, learnAgain) {
			d.learnLater()
		}
	}
}

// learnAgain is when a store that could not tell is asked again.
const learnAgain = time.Second
