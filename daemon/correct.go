package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"crs/ctl"
	"crs/internal/id"
	"crs/internal/limit"
	"crs/internal/patience"
	"crs/internal/store"
	"crs/internal/store/redis"
	"crs/internal/usage"
)

// corrector changes what was added up, and what budgets know of it. It implements admin.Corrector.
//
// Where nodes share a store, a budget is amended beside the sums, not with them. So that nothing else can make it what it was before, what
// becomes more is told to it first, and what becomes less last; and what a process that died between left half done, the next one counts
// anew.
type corrector struct {
	store  store.Store
	ledger *usage.Ledger
	gate   *limit.Gate
	shared *redis.Node                          // nil where nobody shares
	holder func(id string) (limit.Holder, bool) // of a key
	name   func() string                        // another one each time
	lower  func(context.Context)                // has this node's gate know less
	busy   sync.Mutex                           // held from Begin to its end
	told   bool                                 // others must know; guarded by busy
}

// What a shared store has of corrections.
const (
	correctionLock  = "correction"
	correctionState = "correction" // the ids of the keys whose budgets are being amended
	correctionDoc   = "correction" // every node's gate knows less once it changes
)

func (d *Daemon) corrector() *corrector {
	return &corrector{
		store: d.store, ledger: d.ledger, gate: d.gate, shared: d.shared.limits, lower: d.lowerBudgets,
		name: func() string { return id.New("fix", d.opt.Now()) },
		holder: func(id string) (limit.Holder, bool) {
			k, err := d.keys.Get(id)
			if err != nil {
				return limit.Holder{}, false
			}
			return k.Holder(), true
		},
	}
}

// Begin implements admin.Corrector.
func (c *corrector) Begin(ctx context.Context) (func(), error) {
	busy := ctl.Errorf(ctl.Conflict, "usage is being corrected already").WithHint("wait until that is done")
	if !c.busy.TryLock() {
		return nil, busy
	}
	if c.shared == nil {
		return c.busy.Unlock, nil
	}
	release, held, err := c.shared.Lock(ctx, correctionLock)
	if err == nil && !held {
		err = busy
	}
	if err == nil {
		if err = c.mend(ctx); err != nil {
			release()
		}
	}
	if err != nil {
		c.busy.Unlock()
		return nil, err
	}
	return func() {
		c.publish(context.WithoutCancel(ctx))
		release()
		c.busy.Unlock()
	}, nil
}

// mend counts budgets anew that somebody was amending when he died.
func (c *corrector) mend(ctx context.Context) error {
	body, err := c.store.LoadState(ctx, correctionState)
	if err != nil || len(body) == 0 {
		return err
	}
	var ids []string
	if err := json.Unmarshal(body, &ids); err != nil {
		return fmt.Errorf("read which budgets are being amended: %w", err)
	}
	for _, id := range ids {
		c.told = true
		if h, ok := c.holder(id); ok {
			if err := c.shared.Recount(ctx, h); err != nil {
				return fmt.Errorf("count the budget of key %s anew: %w", id, err)
			}
		}
	}
	return c.amending(ctx, nil)
}

func (c *corrector) amending(ctx context.Context, ids []string) error {
	body, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	return c.store.SaveState(ctx, correctionState, body)
}

// Correct implements admin.Corrector. What it has begun it ends, also when nobody waits for it any more.
func (c *corrector) Correct(ctx context.Context, all []usage.Correction) ([]bool, error) {
	ctx = context.WithoutCancel(ctx)
	if c.shared != nil {
		return c.together(ctx, all)
	}
	done, err := c.ledger.Correct(ctx, all)
	if err == nil {
		c.gate.Amend(amendments(all, func(i int, _ int64) (bool, int64) { return done[i], 1 }))
	}
	return done, err
}

// together corrects what nodes share.
func (c *corrector) together(ctx context.Context, all []usage.Correction) ([]bool, error) {
	every := byHolder(amendments(all, func(int, int64) (bool, int64) { return true, 1 }))
	if err := c.amending(ctx, slices.Collect(maps.Keys(every))); err != nil {
		return nil, err
	}
	more := amendments(all, func(_ int, n int64) (bool, int64) { return n > 0, 1 })
	if err := c.amend(ctx, more); err != nil {
		return nil, err
	}
	done, err := c.ledger.Correct(ctx, all)
	if err != nil {
		return nil, err
	}
	c.told = true
	rest := amendments(all, func(i int, n int64) (bool, int64) {
		if n > 0 {
			return !done[i], -1 // it was told for nothing
		}
		return done[i], 1
	})
	if err := c.amend(ctx, rest); err != nil {
		return nil, err
	}
	return done, c.amending(ctx, nil)
}

func (c *corrector) amend(ctx context.Context, all []limit.Amendment) error {
	for id, some := range byHolder(all) {
		h, ok := c.holder(id)
		if !ok {
			continue
		}
		if err := c.shared.Amend(ctx, h, c.name(), some); err != nil {
			return fmt.Errorf("amend the budget of key %s: %w", id, err)
		}
	}
	return nil
}

// amendments are what corrections mean for budgets: those that are wanted, times a factor.
func amendments(all []usage.Correction, want func(i int, charged int64) (bool, int64)) (list []limit.Amendment) {
	for i := range all {
		w := &all[i].Was
		_, charged := all[i].More()
		if yes, times := want(i, charged); yes && charged != 0 {
			list = append(list, limit.Amendment{Holder: w.Key, Day: w.Day, Hour: w.Hour, Charged: charged * times})
		}
	}
	return list
}

func byHolder(all []limit.Amendment) map[string][]limit.Amendment {
	of := map[string][]limit.Amendment{}
	for _, a := range all {
		of[a.Holder] = append(of[a.Holder], a)
	}
	return of
}

// publish has the gates of all nodes know what was corrected. One that does not hear of it refuses by what it knew until its budgets'
// time is over, or it is started again.
func (c *corrector) publish(ctx context.Context) {
	if !c.told {
		return
	}
	c.told = false
	c.shared.Reread()
	c.lower(ctx)
	_, _ = patience.Get(askPatience, func() (none struct{}, err error) {
		docs, err := c.store.All(ctx, store.Setting)
		if err != nil {
			return none, err
		}
		d := store.Doc{Kind: store.Setting, ID: correctionDoc, Body: []byte("{}")}
		if i := slices.IndexFunc(docs, func(d store.Doc) bool { return d.ID == correctionDoc }); i >= 0 {
			d.Version = docs[i].Version
		}
		_, err = c.store.Put(ctx, d)
		return none, err
	})
}

// corrected reports whether another node has corrected usage.
func corrected(news store.ChangeSet) bool {
	return slices.ContainsFunc(news.Docs, func(d store.Doc) bool { return d.Kind == store.Setting && d.ID == correctionDoc })
}

// lowerBudgets has the gate hold no more against keys than was written down, where nodes count together.
func (d *Daemon) lowerBudgets(ctx context.Context) {
	if d.shared.limits == nil {
		return
	}
	ctx, stop := context.WithTimeout(ctx, askPatience)
	defer stop()
	d.shared.limits.Reread()
	spent, err := d.spent(ctx, limit.Furthest(d.limited()))
	if err != nil {
		d.log.Warn("cannot learn what keys have used since it was corrected; budgets that have more left are known by Redis only", "error", err)
		return
	}
	d.gate.Lower(spent)
}
