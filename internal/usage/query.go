package usage

import "context"

// looks is how often a store that takes figures all the time is asked for what it has before its answer is taken as it is.
const looks = 5

// Usage gives what was used. What the disk or the store has not taken yet is in it: this node knows that it comes. It waits for
// neither where the last attempt has failed, or has been going on for long.
func (l *Ledger) Usage(ctx context.Context, q Query) ([]Sum, error) {
	t, err := NewTally(q)
	if err != nil {
		return nil, err
	}
	if !l.Lag().DiskFails && l.Commit() == nil && l.Late() == nil {
		_ = l.addUp(ctx) // what is not taken is counted here
	}
	for look := 1; ; look++ {
		sums, late, settled, err := l.look(ctx, q)
		if err != nil {
			return nil, err
		}
		if !settled && look < looks {
			continue
		}
		for i := range sums {
			t.include(&sums[i])
		}
		for _, s := range late {
			t.Add(s)
		}
		return t.Sorted(), nil
	}
}

// look gives what the store has, and what it has not; settled is false when it took something meanwhile, which may be in both.
func (l *Ledger) look(ctx context.Context, q Query) (sums []Sum, late map[sumKey]*Sum, settled bool, err error) {
	before, err := l.opt.Rollups.MarkOf(ctx, l.opt.Node)
	if err != nil {
		return nil, nil, false, err
	}
	if late, err = l.behind(before); err != nil {
		return nil, nil, false, err
	}
	if sums, err = l.opt.Rollups.Usage(ctx, q); err != nil {
		return nil, nil, false, err
	}
	after, err := l.opt.Rollups.MarkOf(ctx, l.opt.Node)
	return sums, late, before == after, err
}

// behind adds up what stands behind a mark, in the files and in memory.
func (l *Ledger) behind(mark Cursor) (map[sumKey]*Sum, error) {
	m := l.borrow()
	sums, err := sumsOf(l.opt.Dir, mark, m.end, l.opt.Zone)
	days, names := dayCache{}, models{}
	for _, r := range m.closed(0, everything) {
		if r.counts() {
			add(sums, r, days.of(r.End(), l.opt.Zone), &names)
		}
	}
	return sums, err
}
