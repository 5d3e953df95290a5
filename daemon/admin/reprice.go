package admin

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"crs/ctl"
	"crs/internal/audit"
	"crs/internal/reprice"
	"crs/internal/usage"
)

// Corrector changes sums that are written down, and what keys have used of their budgets with them. One at a time has it.
type Corrector interface {
	// Begin keeps others, on whatever node, from correcting until end is called.
	Begin(ctx context.Context) (end func(), err error)
	// Correct corrects some rows, all of what that changes or nothing, and tells which are corrected.
	Correct(ctx context.Context, all []usage.Correction) (done []bool, err error)
}

// How much is worked on at once.
const (
	repriceSpan = 7 * 24 * time.Hour // of records
	repriceRows = 500                // of the roll-ups
)

// Reprice prices usage again by the records that there are, and corrects what was added up of them; or it only tells what that would
// change. What was corrected stays so when it ends early: it goes on from there when it is called again.
func (o *Operations) Reprice(ctx context.Context, in ctl.Reprice) (out ctl.Repriced, err error) {
	d := o.begins(ctx, UsageReprice, cmp.Or(in.Key, "all keys"))
	var ended error // for the audit log: what was changed before an error stays
	d.void = true
	defer func() { d.end(&ended) }()
	run, err := o.newRepricing(in)
	if err != nil {
		return out, err
	}
	if !in.DryRun {
		end, err := o.opt.Corrector.Begin(ctx)
		if err != nil {
			return out, err
		}
		defer end()
		d.void = false
	}
	err = run.all(ctx)
	out = run.report()
	if err != nil && len(out.Rows) > 0 {
		ended = errors.Join(err, context.Canceled)
	}
	d.void = d.void || err != nil && len(out.Rows) == 0
	d.did("", d.entry.Subject.Name, []audit.Change{
		{Field: "cost", Before: out.Total.CostBefore.String(), After: out.Total.Cost.String()},
		{Field: "charged", Before: out.Total.ChargedBefore.String(), After: out.Total.Charged.String()},
		{Field: "prices", After: out.Version + " of " + out.Prices},
	})
	return out, err
}

// repricing is one run.
type repricing struct {
	ops     *Operations
	in      ctl.Reprice
	when    span
	until   time.Time
	key     string
	version string
	prices  reprice.Prices

	rows     map[[2]string]*ctl.RepricedRow // by key and model
	left     map[reprice.Left]*ctl.LeftAlone
	unpriced map[string]int64
	same     int64
	inHours  usage.Sum // what the hours have of the days that are whole
}

func (o *Operations) newRepricing(in ctl.Reprice) (*repricing, error) {
	now := o.opt.Now()
	when, err := readSpan(cmp.Or(in.Since, "all"), in.Until, now, o.opt.Zone)
	if err != nil {
		return nil, err
	}
	table := o.opt.Prices.Table()
	r := &repricing{
		ops: o, in: in, when: when, until: when.until, version: table.Version(), prices: reprice.Prices{Table: table, Charge: o.chargeOf},
		rows: map[[2]string]*ctl.RepricedRow{}, left: map[reprice.Left]*ctl.LeftAlone{}, unpriced: map[string]int64{},
	}
	if r.until.IsZero() {
		r.until = now.Add(time.Second)
	}
	switch r.in.Prices = cmp.Or(in.Prices, ctl.PricesThen); r.in.Prices {
	case ctl.PricesNow:
		r.prices.At = &now
	case ctl.PricesThen:
	default:
		return nil, ctl.Errorf(ctl.BadRequest, "prices are not of %q", in.Prices).WithHint("then: of the day of each request; now: of today")
	}
	r.key, _, err = o.ids(in.Key, "")
	return r, err
}

// chargeOf is what a key is charged; one that is gone is charged the cost.
func (o *Operations) chargeOf(id string, cost int64) int64 {
	if k, err := o.opt.Keys.Get(id); err == nil {
		return k.Policy.Charge(cost)
	}
	return cost
}

// all works through the time, the oldest first, in whole hours: a row is of one.
func (r *repricing) all(ctx context.Context) error {
	if err := r.ops.opt.Ledger.Flush(ctx); err != nil {
		return err
	}
	begin, err := r.begin(ctx)
	if err != nil {
		return err
	}
	for at := begin; at.Before(r.until); at = at.Add(repriceSpan) {
		if err := r.some(ctx, at, at.Add(repriceSpan)); err != nil {
			return err
		}
	}
	return r.daysOnly(ctx)
}

// begin is the hour that the first row is of, or that was asked for.
func (r *repricing) begin(ctx context.Context) (time.Time, error) {
	asked := r.when.since.Truncate(time.Hour)
	rows, err := r.ops.opt.Ledger.Usage(ctx, usage.Query{Since: asked, By: []usage.Column{usage.ByHour}})
	if err != nil || len(rows) == 0 {
		return r.until, err
	}
	return rows[0].Hour, nil
}

// some prices what ended within a time. The last hour is taken whole.
func (r *repricing) some(ctx context.Context, since, until time.Time) error {
	if until.After(r.until) {
		until = r.until.Add(time.Hour - time.Nanosecond).Truncate(time.Hour)
	}
	cells := reprice.NewCells(&r.prices, r.ops.opt.Zone)
	err := r.ops.opt.Ledger.Records(ctx, since, until, func(rec *usage.Record) {
		if r.wants(rec.Key, rec.Model) {
			cells.Take(rec)
		}
	})
	if err != nil {
		return err
	}
	sums, err := r.ops.opt.Ledger.Rows(ctx, usage.Query{Since: since, Until: until, Key: r.key, Model: r.in.Model})
	if err != nil {
		return err
	}
	for _, m := range cells.Unpriced() {
		r.unpriced[m.Name] += m.Requests
	}
	var moving []reprice.Row
	for i := range sums {
		row := cells.Row(&sums[i])
		if r.wholeDay(sums[i].Day) {
			r.inHours.Add(&usage.Sum{Requests: sums[i].Requests, Cost: row.Was.Cost})
		}
		switch {
		case row.Moves():
			moving = append(moving, row)
		case row.Left != "":
			r.leave(row.Left, &row.Was)
		default:
			r.same += row.Was.Requests
		}
	}
	return r.move(ctx, moving)
}

func (r *repricing) wants(key, model string) bool {
	return (r.key == "" || r.key == key) && (r.in.Model == "" || r.in.Model == model)
}

// move corrects rows, and counts those that were.
func (r *repricing) move(ctx context.Context, moving []reprice.Row) error {
	for part := range slices.Chunk(moving, repriceRows) {
		if err := ctx.Err(); err != nil {
			return err
		}
		done, err := r.correct(ctx, part)
		if err != nil {
			return err
		}
		for i := range part {
			if done[i] {
				r.count(&part[i])
			} else {
				r.leave(reprice.Changed, &part[i].Was)
			}
		}
	}
	return nil
}

func (r *repricing) correct(ctx context.Context, part []reprice.Row) ([]bool, error) {
	if r.in.DryRun {
		return slices.Repeat([]bool{true}, len(part)), nil
	}
	all := make([]usage.Correction, len(part))
	for i := range part {
		all[i] = part[i].Correction
	}
	return r.ops.opt.Corrector.Correct(ctx, all)
}

func (r *repricing) count(row *reprice.Row) {
	at := [2]string{r.ops.opt.Keys.NameOf(row.Was.Key), row.Was.Model}
	sum := r.rows[at]
	if sum == nil {
		sum = &ctl.RepricedRow{Key: at[0], Model: at[1]}
		r.rows[at] = sum
	}
	sum.Add(&ctl.RepricedRow{
		Requests: row.Was.Requests, CostBefore: ctl.USD(row.Was.Cost), Cost: ctl.USD(row.Cost), ChargedBefore: ctl.USD(row.Was.Charged),
		Charged: ctl.USD(row.Charged), UnpricedBefore: row.UnpricedBefore, Unpriced: row.Unpriced,
	})
}

func (r *repricing) leave(why reprice.Left, row *usage.Sum) {
	left := r.left[why]
	if left == nil {
		left = &ctl.LeftAlone{Reason: string(why)}
		r.left[why] = left
	}
	left.Requests += row.Requests
	left.Cost += ctl.USD(row.Cost)
}

// wholeDay reports whether all of a day is asked for, so that its hours can be held against it.
func (r *repricing) wholeDay(day string) bool {
	if r.when.firstDay == "" {
		return false
	}
	return day >= r.when.firstDay && (r.when.lastDay == "" || day <= r.when.lastDay)
}

// daysOnly counts what days have and their hours have not.
func (r *repricing) daysOnly(ctx context.Context) error {
	if r.when.firstDay == "" {
		return nil
	}
	days, err := r.ops.opt.Ledger.Usage(ctx, usage.Query{FirstDay: r.when.firstDay, LastDay: r.when.lastDay, Key: r.key, Model: r.in.Model})
	if err != nil || len(days) == 0 {
		return err
	}
	if n := days[0].Requests - r.inHours.Requests; n > 0 {
		r.leave(reprice.DaysOnly, &usage.Sum{Requests: n, Cost: max(0, days[0].Cost-r.costNow())})
	}
	return nil
}

// costNow is what the hours of whole days cost by now.
func (r *repricing) costNow() int64 {
	cost := r.inHours.Cost
	if !r.in.DryRun {
		for _, row := range r.rows {
			cost += int64(row.Cost - row.CostBefore)
		}
	}
	return cost
}

func (r *repricing) report() ctl.Repriced {
	out := ctl.Repriced{
		Since: r.when.since.UTC(), Until: r.until.UTC(), Prices: r.in.Prices, Version: r.version, Applied: !r.in.DryRun,
		Rows: []ctl.RepricedRow{}, LeftAlone: []ctl.LeftAlone{}, Unpriced: []ctl.UnpricedModel{}, UnchangedRequests: r.same,
	}
	for _, row := range r.rows {
		out.Rows = append(out.Rows, *row)
		out.Total.Add(row)
	}
	slices.SortFunc(out.Rows, func(a, b ctl.RepricedRow) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Model, b.Model))
	})
	for _, why := range slices.Sorted(maps.Keys(r.left)) {
		out.LeftAlone = append(out.LeftAlone, *r.left[why])
	}
	for name, n := range r.unpriced {
		out.Unpriced = append(out.Unpriced, ctl.UnpricedModel{Model: name, Requests: n})
	}
	slices.SortFunc(out.Unpriced, func(a, b ctl.UnpricedModel) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Model, b.Model))
	})
	return out
}
