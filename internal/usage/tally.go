package usage

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Tally groups sums as a query asks.
type Tally struct {
	q    Query
	sums map[Sum]*Sum // by what they are grouped by
}

// NewTally makes an empty one.
func NewTally(q Query) (*Tally, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	return &Tally{q: q, sums: map[Sum]*Sum{}}, nil
}

// Days reports whether the query is by day.
func (q *Query) Days() bool { return q.FirstDay != "" || q.LastDay != "" }

// Check finds what sums cannot be grouped by.
func (q *Query) Check() error {
	for _, c := range q.By {
		switch {
		case c == ByHour && q.Days():
			return errors.New("usage of days cannot be grouped by hour")
		case c != ByKey && c != ByAccount && c != ByModel && c != ByHour && c != ByDay:
			return fmt.Errorf("usage cannot be grouped by %q", c)
		}
	}
	return nil
}

// Add counts a sum if the query selects it.
func (t *Tally) Add(u *Sum) {
	if t.q.selects(u) {
		t.include(u)
	}
}

// selects reports whether a sum matches; one of a whole day has no hour.
func (q *Query) selects(u *Sum) bool {
	switch {
	case q.Key != "" && u.Key != q.Key, q.Account != "" && u.Account != q.Account, q.Model != "" && u.Model != q.Model:
		return false
	case q.FirstDay != "" && u.Day < q.FirstDay, q.LastDay != "" && u.Day > q.LastDay:
		return false
	case !q.Since.IsZero() && u.Hour.Before(q.Since), !q.Until.IsZero() && !u.Hour.Before(q.Until):
		return false
	}
	return true
}

// include counts a sum, or a row that a store has selected and grouped.
func (t *Tally) include(u *Sum) {
	var group Sum
	for _, c := range t.q.By {
		switch c {
		case ByKey:
			group.Key = u.Key
		case ByAccount:
			group.Account = u.Account
		case ByModel:
			group.Model = u.Model
		case ByHour:
			group.Hour = u.Hour
		case ByDay:
			group.Day = u.Day
		}
	}
	sum := t.sums[group]
	if sum == nil {
		copied := group
		sum = &copied
		t.sums[group] = sum
	}
	sum.Add(u)
}

// Sorted gives one row a group, ordered by the groups.
func (t *Tally) Sorted() []Sum {
	var all []Sum
	for _, u := range t.sums {
		if u.Requests > 0 {
			all = append(all, *u)
		}
	}
	slices.SortFunc(all, func(a, b Sum) int {
		for _, c := range t.q.By {
			if n := compare(&a, &b, c); n != 0 {
				return n
			}
		}
		return 0
	})
	return all
}

func compare(a, b *Sum, c Column) int {
	switch c {
	case ByKey:
		return cmp.Compare(a.Key, b.Key)
	case ByAccount:
		return cmp.Compare(a.Account, b.Account)
	case ByModel:
		return cmp.Compare(a.Model, b.Model)
	case ByHour:
		return a.Hour.Compare(b.Hour)
	case ByDay:
		return cmp.Compare(a.Day, b.Day)
	}
	return 0
}
