package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"crs/internal/clock"
	"crs/internal/limit"
)

// clockState is the state of what the clock said.
const clockState = "clock"

// resumeClock goes on with the steady time of the process before this one.
func (d *Daemon) resumeClock(ctx context.Context) error {
	if d.takeover != nil {
		d.clock.Resume(d.legacy.Clock)
		return nil
	}
	body, err := d.store.LoadState(ctx, d.stateName(clockState))
	if err != nil || body == nil {
		return err
	}
	var r clock.Reading
	if err := json.Unmarshal(body, &r); err != nil {
		d.log.Warn("what the clock said before cannot be read; days and weeks go by what it says now", "error", err)
		return nil
	}
	d.clock.Resume(r)
	return nil
}

// setBy is from when on a clock counts as set, and not as running a little fast or slow.
const setBy = time.Minute

// saveClock keeps the steady time for the process after this one, while it is not what the clock says.
func (d *Daemon) saveClock(ctx context.Context) error {
	if d.clock.Off().Abs() < time.Second {
		return nil
	}
	body, err := json.Marshal(d.clock.Reading())
	if err != nil {
		return err
	}
	return d.store.SaveState(ctx, d.stateName(clockState), body)
}

// clockSet says by how much the clock was set.
func (d *Daemon) clockSet() string {
	off, way := d.clock.Off(), "ahead"
	if off < 0 {
		way = "back"
	}
	if off.Abs() < setBy {
		return ""
	}
	return fmt.Sprintf("the clock of this machine was set %s; days and weeks of budgets are still %s off it, and come nearer by three hours a day", way, off.Abs().Round(time.Minute))
}

// charged is what keys have used in the spans of the calendar, as the roll-ups have it. What was used after the clock was set ahead is
// on a day to come there.
func (d *Daemon) charged(ctx context.Context, furthest limit.Window) (map[string]limit.Spent, error) {
	return limit.Known(ctx, d.store, d.clock.Steady(), d.opt.Now(), d.zone, furthest)
}
