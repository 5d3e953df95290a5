package daemon

import (
	"bytes"
	"context"
	"errors"
	"time"

	"crs/daemon/admin"
	"crs/internal/account"
	"crs/internal/config"
	"crs/internal/usage"
)

const (
	saveEvery   = 10 * time.Second
	forgetEvery = time.Hour
	clockEvery  = 10 * time.Minute
	noticeEvery = 2 * time.Second
)

// housekeep saves what the pool has learnt every now and then, and forgets what is too old to keep.
func (d *Daemon) housekeep(ctx context.Context) error {
	save, forget, clock, notice := time.NewTicker(saveEvery), time.NewTicker(forgetEvery), time.NewTicker(clockEvery), time.NewTicker(noticeEvery)
	defer save.Stop()
	defer forget.Stop()
	defer clock.Stop()
	defer notice.Stop()
	var saved []byte
	var found noticed
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-save.C:
			saved = d.saveIfNew(ctx, saved)
			if err := d.saveClock(ctx); err != nil {
				d.log.Error("cannot save that the clock was set", "error", err)
			}
		case <-notice.C:
			found = d.notice(ctx, found)
		case <-clock.C:
			d.checkClock(ctx)
		case <-forget.C:
			if err := d.store.Forget(ctx, d.opt.Now().Add(-d.cfg.Usage.Keep)); err != nil {
				d.log.Error("cannot forget old usage", "error", err)
			}
			if err := d.audit.Forget(ctx); err != nil {
				d.log.Error("cannot forget old entries of the audit log", "error", err)
			}
		}
	}
}

// poolState is the state of what the pool has learnt.
const poolState = "pool"

func (d *Daemon) saveIfNew(ctx context.Context, saved []byte) []byte {
	if d.upgrade.Load() != nil { // another process knows better now
		return saved
	}
	body, err := d.pool.Snapshot()
	if err == nil && !bytes.Equal(body, saved) {
		err = d.store.SaveState(ctx, d.stateName(poolState), body)
	}
	if err != nil {
		d.log.Error("cannot save what was learnt of the accounts", "error", err)
		return saved
	}
	return body
}

func (d *Daemon) savePool(ctx context.Context) error {
	body, err := d.pool.Snapshot()
	if err != nil {
		return err
	}
	return errors.Join(d.store.SaveState(ctx, d.stateName(poolState), body), d.saveClock(ctx))
}

func (d *Daemon) restorePool(ctx context.Context) error {
	body, err := d.store.LoadState(ctx, d.stateName(poolState))
	if err != nil {
		return err
	}
	if err := d.pool.Restore(body); err != nil {
		d.log.Warn("what was learnt of the accounts is lost; it will be learnt again", "error", err)
	}
	return nil
}

// accountChanged logs an account that began or stopped to be usable.
func (d *Daemon) accountChanged(c account.Change) {
	args := []any{"account", c.Account.Name, "from", c.From, "to", c.To}
	if c.Scope != "" {
		args = append(args, "scope", c.Scope)
	}
	if !c.Until.IsZero() {
		args = append(args, "until", c.Until.UTC().Format(time.RFC3339))
	}
	if c.Evidence != "" {
		args = append(args, "evidence", c.Evidence)
	}
	d.log.Info("account changed", args...)
	d.alerts.Poke()
}

func (d *Daemon) refreshFailed(a *account.Account, err error) {
	d.log.Warn("token not refreshed", "account", a.Name, "error", err)
}

func (d *Daemon) ledgerFailed(err error) {
	switch {
	case err == nil:
		d.log.Info("the ledger can be written again; nothing was lost")
	case errors.Is(err, usage.ErrOnReserve):
		d.log.Error("the disk is full; the ledger is written into the room that it has reserved", "error", err)
	case errors.Is(err, usage.ErrNotCounted):
		d.log.Warn("usage waits in the ledger until the store takes it", "error", err)
	default:
		d.log.Error("the ledger cannot be written; records wait in memory", "error", err)
	}
}

// recovered says what an earlier process had left.
func (d *Daemon) recovered(r usage.Recovery) {
	if r.Interrupted > 0 || r.Counted > 0 {
		d.log.Warn("recovered the ledger of a daemon that was killed or crashed", "interrupted", r.Interrupted, "counted", r.Counted)
	}
	if r.Damaged > 0 {
		d.log.Error("passed over damaged lines of the ledger; they may be of finished requests, whose usage is not counted if it was not before",
			"lines", r.Damaged, "requests_whose_end_is_unread", r.Ends)
	}
	if r.CutBytes > 0 {
		d.log.Warn("cut a torn line off the ledger", "bytes", r.CutBytes, "saved_to", r.SavedTo)
	}
}

// ledgerHarmed says what somebody did to the ledger's files.
func (d *Daemon) ledgerHarmed(h usage.Harm) {
	d.log.Error("files of the ledger were removed or cut while the daemon runs", "written_anew", h.Remade, "lost", h.Gone, "cut", h.Cut)
}

// settings is the configuration as it is, with where each value came from.
func (d *Daemon) settings() []config.Entry { return d.loaded.Load().Entries() }

// Reload reads the configuration again and takes over what can change while the daemon runs. A bad file changes nothing.
func (d *Daemon) Reload() {
	loaded, err := config.Load(d.opt.Source)
	if err != nil {
		d.log.Error("the configuration was not reloaded; the old one stays", "error", err)
		return
	}
	before := d.loaded.Swap(loaded).Entries()
	d.level.Set(loaded.Config.Log.Level)
	d.engine.Apply(d.engineSettings(&loaded.Config))
	d.pool.Apply(poolOptions(&loaded.Config))
	d.audit.Record(admin.Reloaded(before, loaded.Entries()))
	d.log.Info("configuration reloaded", "file", loaded.File)
}
