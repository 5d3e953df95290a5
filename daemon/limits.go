package daemon

import (
	"context"
	"time"

	"crs/internal/account"
	"crs/internal/limit"
	"crs/internal/oauth"
	"crs/internal/store/redis"
)

// join makes this daemon a node among those that share a store, so that they count requests together.
func (d *Daemon) join(opt *account.Options) {
	s, ok := d.store.(*redis.Store)
	if !ok {
		return
	}
	d.shared.limits = s.Join(redis.NodeOptions{Name: d.shared.node, First: d.takeover == nil, Now: d.clock.Steady, Elapsed: d.clock.Elapsed, Zone: d.zone, Spent: d.known, Refuse: d.cfg.Redis.OnOutage == "refuse", Changed: d.limitsAre})
	d.shared.once.Rollups = d.shared.limits.Rollups() // nothing has been added up yet
	d.opens("limits", d.shared.limits.Leave)
	opt.Shared = d.shared.limits.Accounts()
}

// hearOthers takes over what other nodes have learnt of the accounts, and goes on listening.
func (d *Daemon) hearOthers(ctx context.Context) error {
	if d.shared.limits == nil {
		return nil
	}
	return d.shared.limits.Follow(ctx, d.pool)
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

// recall has limits over the last hours know what was used before this process began. Counts that nodes share outlive it.
func (d *Daemon) recall(ctx context.Context, holders []limit.Holder) error {
	if d.shared.limits != nil {
		return nil
	}
	past, err := limit.Late(ctx, d.store, d.opt.Now(), holders)
	for _, h := range holders {
		if used := past[h.ID]; used != nil {
			d.gate.Recall(h, used)
		}
	}
	return err
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
		d.log.Info("limits are counted with the other nodes again; what happened meanwhile has been told")
		return
	}
	d.log.Error("limits cannot be counted with the other nodes", "error", err, "on_outage", d.cfg.Redis.OnOutage)
}
