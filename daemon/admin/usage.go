package admin

import (
	"context"
	"slices"
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/usage"
)

// Usage adds up what was used.
func (o *Operations) Usage(ctx context.Context, in ctl.UsageQuery) (ctl.Usage, error) {
	now := o.opt.Now()
	when, err := readSpan(in.Since, in.Until, now, o.opt.Zone)
	if err != nil {
		return ctl.Usage{}, err
	}
	q := usage.Query{Model: in.Model, FirstDay: when.firstDay, LastDay: when.lastDay}
	if q.By, err = columns(in.By); err != nil {
		return ctl.Usage{}, err
	}
	if q.FirstDay == "" || slices.Contains(q.By, usage.ByHour) {
		q.FirstDay, q.LastDay, q.Since, q.Until = "", "", when.since.Truncate(time.Hour), when.until
	}
	if q.Key, q.Account, err = o.ids(in.Key, in.Account); err != nil {
		return ctl.Usage{}, err
	}
	sums, err := o.opt.Ledger.Usage(ctx, q)
	if err != nil {
		return ctl.Usage{}, err
	}
	out := o.report(when, now, sums)
	out.Unpriced = o.unpriced(q.Key)
	return out, nil
}

// unpriced is what a key asked lately of models whose price is not known.
func (o *Operations) unpriced(key string) []ctl.Unpriced {
	if o.opt.Unpriced == nil {
		return nil
	}
	return o.opt.Unpriced(key)
}

func columns(by []string) ([]usage.Column, error) {
	var all []usage.Column
	for _, name := range by {
		switch c := usage.Column(strings.TrimSpace(name)); c {
		case "":
		case usage.ByKey, usage.ByAccount, usage.ByModel, usage.ByHour, usage.ByDay:
			all = append(all, c)
		default:
			return nil, ctl.Errorf(ctl.BadRequest, "usage cannot be grouped by %q", name).WithHint("by key, account, model, day or hour; several with commas")
		}
	}
	return all, nil
}

// ids finds the ids behind names. Usage outlives keys and accounts, so an id of one that is gone is taken as it is.
func (o *Operations) ids(keyRef, accountRef string) (keyID, accountID string, err error) {
	if k, err := o.opt.Keys.Get(keyRef); err == nil {
		keyID = k.ID
	} else if keyID, err = idOf(keyRef, "key_", err); err != nil {
		return "", "", err
	}
	a, err := o.opt.Roster.Get(accountRef)
	if err == nil {
		return keyID, a.ID, nil
	}
	accountID, err = idOf(accountRef, "acc_", err)
	return keyID, accountID, err
}

// idOf takes what nothing goes by for the id of something that is gone, if it looks like one.
func idOf(ref, prefix string, unknown error) (string, error) {
	if ref == "" || strings.HasPrefix(ref, prefix) {
		return ref, nil
	}
	return "", unknown
}

func (o *Operations) report(when span, now time.Time, sums []usage.Sum) ctl.Usage {
	out := ctl.Usage{Since: when.since.UTC(), Until: when.until.UTC(), Rows: []ctl.UsageRow{}}
	if when.until.IsZero() {
		out.Until = now.UTC()
	}
	for i := range sums {
		row := o.row(&sums[i])
		out.Rows = append(out.Rows, row)
		out.Total.Add(&row)
	}
	return out
}

func (o *Operations) row(s *usage.Sum) ctl.UsageRow {
	t := &s.Tokens
	row := ctl.UsageRow{
		Key: o.opt.Keys.NameOf(s.Key), Account: o.accountName(s.Account), Model: s.Model, Day: s.Day, Requests: s.Requests,
		InputTokens: t.Input, OutputTokens: t.Output, CacheReadTokens: t.CacheRead, CacheWrite5mTokens: t.CacheWrite,
		CacheWrite1hTokens: t.CacheWrite1h, ReasoningTokens: t.Reasoning, Cost: ctl.USD(s.Cost), Charged: ctl.USD(s.Charged),
	}
	if !s.Hour.IsZero() {
		row.Hour = s.Hour.In(o.opt.Zone).Format("2006-01-02T15:04Z07:00")
	}
	return row
}

func (o *Operations) accountName(id string) string {
	if a, err := o.opt.Roster.Get(id); err == nil {
		return a.Name
	}
	return id
}
