package redis

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"crs/internal/usage"
)

// tally groups rows as a query asks.
type tally struct {
	q    usage.Query
	sums map[usage.Sum]*usage.Sum // by what they are grouped by
}

func newTally(q usage.Query) (*tally, error) {
	byDay := q.FirstDay != "" || q.LastDay != ""
	for _, c := range q.By {
		switch {
		case c == usage.ByHour && byDay:
			return nil, errors.New("usage of days cannot be grouped by hour")
		case c != usage.ByKey && c != usage.ByAccount && c != usage.ByModel && c != usage.ByHour && c != usage.ByDay:
			return nil, fmt.Errorf("usage cannot be grouped by %q", c)
		}
	}
	return &tally{q: q, sums: map[usage.Sum]*usage.Sum{}}, nil
}

func (t *tally) add(u *usage.Sum) {
	q := &t.q
	if q.Key != "" && u.Key != q.Key || q.Account != "" && u.Account != q.Account || q.Model != "" && u.Model != q.Model {
		return
	}
	var group usage.Sum
	for _, c := range q.By {
		switch c {
		case usage.ByKey:
			group.Key = u.Key
		case usage.ByAccount:
			group.Account = u.Account
		case usage.ByModel:
			group.Model = u.Model
		case usage.ByHour:
			group.Hour = u.Hour
		case usage.ByDay:
			group.Day = u.Day
		}
	}
	sum := t.sums[group]
	if sum == nil {
		copied := group
		sum = &copied
		t.sums[group] = sum
	}
	more := countsOf(u)
	for i, n := range countsOf(sum) {
		*n += *more[i]
	}
}

func (t *tally) sorted() []usage.Sum {
	var all []usage.Sum
	for _, u := range t.sums {
		if u.Requests > 0 {
			all = append(all, *u)
		}
	}
	slices.SortFunc(all, func(a, b usage.Sum) int {
		for _, c := range t.q.By {
			if n := compare(&a, &b, c); n != 0 {
				return n
			}
		}
		return 0
	})
	return all
}

func compare(a, b *usage.Sum, c usage.Column) int {
	switch c {
	case usage.ByKey:
		return cmp.Compare(a.Key, b.Key)
	case usage.ByAccount:
		return cmp.Compare(a.Account, b.Account)
	case usage.ByModel:
		return cmp.Compare(a.Model, b.Model)
	case usage.ByHour:
		return a.Hour.Compare(b.Hour)
	case usage.ByDay:
		return cmp.Compare(a.Day, b.Day)
	}
	return 0
}
