package usage

import "time"

type sumKey struct {
	hour                     int64
	day, key, account, model string
}

// add counts a closed record in the hour and day that it ended in.
func add(sums map[sumKey]*Sum, r *Record, when slot) {
	k := sumKey{hour: when.hour, day: when.day, key: r.Key, account: r.Account, model: r.Model}
	s := sums[k]
	if s == nil {
		s = &Sum{Hour: time.Unix(when.hour, 0).UTC(), Day: when.day, Key: r.Key, Account: r.Account, Model: r.Model}
		sums[k] = s
	}
	s.Requests++
	s.Tokens = s.Tokens.Add(r.Tokens)
	s.Cost += r.Cost
	s.Charged += r.Charged
}

// merge adds from into to.
func merge(to, from map[sumKey]*Sum) {
	for k, s := range from {
		t := to[k]
		if t == nil {
			to[k] = s
			continue
		}
		t.Requests += s.Requests
		t.Tokens = t.Tokens.Add(s.Tokens)
		t.Cost += s.Cost
		t.Charged += s.Charged
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
