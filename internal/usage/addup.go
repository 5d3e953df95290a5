package usage

import (
	"time"

	"crs/internal/bound"
	"crs/internal/unit"
)

type sumKey struct {
	hour                     int64
	day, key, account, model string
}

// add counts a closed record in the hour and day that it ended in. An older version may have written figures into it that
// nobody believes.
func add(sums map[sumKey]*Sum, r *Record, when slot, names *models) {
	k := sumKey{hour: when.hour, day: when.day, key: r.Key, account: r.Account, model: names.row(when.day, r)}
	s := sums[k]
	if s == nil {
		s = &Sum{Hour: time.Unix(when.hour, 0).UTC(), Day: when.day, Key: r.Key, Account: r.Account, Model: k.model}
		sums[k] = s
	}
	s.Add(&Sum{Requests: 1, Tokens: r.Tokens.Bound(), Cost: bound.Figure(r.Cost, bound.Cost), Charged: bound.Figure(r.Charged, bound.Cost), More: more(r)})
}

// more is what of a record's amounts nothing else in a sum tells of.
func more(r *Record) unit.Amounts {
	a := r.Amounts()
	for _, u := range unit.All() {
		if u.Derived() {
			a[u] = 0
		}
	}
	return a
}

// merge adds from into to.
func merge(to, from map[sumKey]*Sum) {
	for k, s := range from {
		t := to[k]
		if t == nil {
			to[k] = s
			continue
		}
		t.Add(s)
	}
}

// slot is the hour and the day of a moment.
type slot struct {
	hour int64 // unix seconds of its beginning
	day  string
}

// dayCache saves the calendar for every record: both change at most each quarter of an hour, in any time zone.
type dayCache struct {
	quarter int64
	slot    slot
}

const quarter = 15 * 60

func (c *dayCache) of(at time.Time, zone *time.Location) slot {
	q := at.Unix() / quarter
	if q != c.quarter || c.slot.day == "" {
		c.quarter = q
		c.slot = slot{hour: at.Unix() - at.Unix()%3600, day: at.In(zone).Format(time.DateOnly)}
	}
	return c.slot
}
