package usage

import (
	"strconv"
	"strings"
	"time"

	"crs/internal/bound"
	"crs/internal/unit"
)

// Used is how much of a unit a key used at some time, as stores keep it.
type Used struct {
	// At is an hour, as AtHour names it, or a day (YYYY-MM-DD), or "" for all time.
	At, Key, Unit string
}

// HourMark begins the time of an hour; days begin with a digit.
const HourMark = "h"

// AtHour is how stores name an hour.
func AtHour(h Hour) string { return HourMark + strconv.FormatInt(int64(h), 10) }

// HourAt reads what AtHour wrote.
func HourAt(at string) (Hour, bool) {
	text, ok := strings.CutPrefix(at, HourMark)
	n, err := strconv.ParseInt(text, 10, 64)
	return Hour(n), ok && err == nil
}

// UsedOf adds up what sums have that stores keep apart: by hour and by day what nothing else in them tells of, and in all what is not
// a cost.
func UsedOf(sums []Sum) map[Used]int64 {
	all := map[Used]int64{}
	count := func(u Used, n int64) { all[u] = bound.Sum(all[u], n) }
	for i := range sums {
		s := &sums[i]
		for u, n := range s.Amounts() {
			of := unit.Unit(u)
			if n == 0 || of.Money() {
				continue
			}
			count(Used{"", s.Key, of.String()}, n)
			if !of.Derived() {
				count(Used{AtHour(Hour(s.Hour.Unix())), s.Key, of.String()}, n)
				count(Used{s.Day, s.Key, of.String()}, n)
			}
		}
	}
	return all
}

// Never is a day that does not come: nothing was used since then.
const Never = "9999-12-31"

// Collector takes in what keys used at some time, as Used.At names it.
type Collector interface {
	Add(at, key string, used unit.Amounts)
}

// AddTo has so much of the unit collected. One that is not known is from a newer version.
func (u *Used) AddTo(c Collector, n int64) {
	if of, known := unit.Named(u.Unit); known {
		var a unit.Amounts
		a[of] = n
		c.Add(u.At, u.Key, a)
	}
}

// Spending collects what Spent gives.
type Spending struct {
	since []string
	last  string
	all   map[string][]unit.Amounts
}

// NewSpending begins with nothing.
func NewSpending(since []string, last string) *Spending {
	return &Spending{since: since, last: last, all: map[string][]unit.Amounts{}}
}

// Add counts what was used on a day, or in all for "".
func (s *Spending) Add(day, key string, used unit.Amounts) {
	row := s.all[key]
	if row == nil {
		row = make([]unit.Amounts, len(s.since))
		s.all[key] = row
	}
	for i, since := range s.since {
		if since == day || since != "" && day >= since && day <= s.last {
			row[i] = row[i].Add(used)
		}
	}
}

// All is what was counted, by key.
func (s *Spending) All() map[string][]unit.Amounts { return s.all }

// First is the first of the days that are asked for.
func (s *Spending) First() string {
	first := ""
	for _, day := range s.since {
		if day != "" && (first == "" || day < first) {
			first = day
		}
	}
	return first
}

// Hours collects what Recent gives.
type Hours map[string]map[Hour]unit.Amounts

// Add counts what was used in an hour; other times are left out.
func (all Hours) Add(at, key string, used unit.Amounts) {
	h, ok := HourAt(at)
	if !ok {
		return
	}
	if all[key] == nil {
		all[key] = map[Hour]unit.Amounts{}
	}
	all[key][h] = all[key][h].Add(used)
}

// HourOf is the hour that a time is in.
func HourOf(t time.Time) Hour { return Hour(t.Unix() - t.Unix()%3600) }
