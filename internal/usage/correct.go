package usage

import (
	"context"
	"encoding/json"
	"time"
)

// Correction puts another cost in the place of the one that an hour's row has. The row must be as it was: otherwise nothing is changed.
type Correction struct {
	Was           Sum
	Cost, Charged int64 // what it is then
}

// Is is the row as it will be.
func (c *Correction) Is() Sum {
	s := c.Was
	s.Cost, s.Charged = c.Cost, c.Charged
	return s
}

// More is what the day gets more; less than nothing where it becomes less.
func (c *Correction) More() (cost, charged int64) {
	return c.Cost - c.Was.Cost, c.Charged - c.Was.Charged
}

// Rows gives the rows of hours as the store has them, apart from each other.
func (l *Ledger) Rows(ctx context.Context, q Query) ([]Sum, error) {
	q.By = []Column{ByHour, ByDay, ByKey, ByAccount, ByModel}
	return l.opt.Rollups.Usage(ctx, q)
}

// Correct has the store correct rows, and tells which of them it has.
func (l *Ledger) Correct(ctx context.Context, all []Correction) (done []bool, err error) {
	return l.opt.Rollups.Correct(ctx, all)
}

// closedLate is how much later than it ended a record may stand in a ledger, or in a shared log, to be found by Records: a node that was
// away for longer has records that are not found.
const closedLate = 24 * time.Hour

// Records gives the closed records that ended within a time and are in the roll-ups, each once: those of this node, and where nodes share
// a log, what that has of the others. They come in no order.
func (l *Ledger) Records(ctx context.Context, since, until time.Time, yield func(*Record)) error {
	seen := map[string]bool{}
	take := func(r *Record) {
		end := r.End()
		if !r.counts() || end.Before(since) || !end.Before(until) || seen[r.ID] {
			return
		}
		if l.opt.Log != nil {
			seen[r.ID] = true
		}
		yield(r)
	}
	if err := l.ownRecords(ctx, since, until.Add(closedLate), take); err != nil || l.opt.Log == nil {
		return err
	}
	return l.opt.Log.Records(ctx, since, until.Add(closedLate), take)
}

// ownRecords reads the segments that were written to within a time. Those that are removed meanwhile are passed over.
func (l *Ledger) ownRecords(ctx context.Context, since, until time.Time, yield func(*Record)) error {
	return l.backwards(ctx, since, func(path string) (bool, error) {
		head, ok, err := readHead(path)
		if err != nil || ok && head.Began.After(until) {
			return err == nil, err
		}
		return true, scan(path, 0, func(s line) bool {
			if r := new(Record); s.good && s.what == closed && json.Unmarshal(s.body, r) == nil {
				yield(r)
			}
			return ctx.Err() == nil
		})
	})
}
