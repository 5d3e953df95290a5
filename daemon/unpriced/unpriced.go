// Package unpriced remembers which models were asked for lately whose price is not known, and by which keys.
package unpriced

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"crs/internal/usage"
)

const (
	// Within is how long a model is remembered that is not asked for any more.
	Within = 24 * time.Hour
	// most is how many pairs of a key and a model are told apart; clients may ask for any name.
	most = 1000
)

// Use is what was asked of one model.
type Use struct {
	Key      string // id; "" for all of them
	Model    string // as it was asked for, which a price may be set for
	Requests int64
	Tokens   int64
	Charged  int64 // nano-USD
	Since    time.Time
	Last     time.Time
}

// Tally counts them. Its methods may be called from any goroutine.
type Tally struct {
	now func() time.Time
	// known reports whether a model has a price by now.
	known func(model string) bool

	mu  sync.Mutex // guards all
	all map[place]*Use
}

type place struct{ key, model string }

// New makes a Tally. known reports whether a model has a price now.
func New(now func() time.Time, known func(model string) bool) *Tally {
	return &Tally{now: now, known: known, all: map[place]*Use{}}
}

// Note counts a request that has ended, for each of its models whose price is not known.
func (t *Tally) Note(r *usage.Record) {
	if !r.Unpriced {
		return
	}
	var all []Use
	for _, i := range r.AppendBilled(nil) {
		if t.known(i.Model) {
			continue
		}
		n := slices.IndexFunc(all, func(u Use) bool { return u.Model == i.Model })
		if n < 0 {
			n, all = len(all), append(all, Use{Key: r.Key, Model: i.Model, Requests: 1, Since: r.At, Last: r.End()})
		}
		all[n].Tokens += i.Amount
	}
	if len(all) > 0 {
		all[0].Charged = r.Charged // what several were charged together is told once
	}
	for n := range all {
		t.note(&all[n])
	}
}

func (t *Tally) note(u *Use) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := place{u.Key, u.Model}
	if sum := t.all[at]; sum != nil {
		sum.add(u)
		return
	}
	if len(t.all) >= most {
		t.forget()
	}
	if len(t.all) < most {
		t.all[at] = u
	}
}

// forget is called with mu held.
func (t *Tally) forget() {
	now := t.now()
	for at, u := range t.all {
		if now.Sub(u.Last) > Within {
			delete(t.all, at)
		}
	}
}

// Of gives what a key asked for, the newest first; every key's together for "".
func (t *Tally) Of(key string) []Use {
	t.mu.Lock()
	t.forget()
	sums := map[string]*Use{}
	for _, u := range t.all {
		if key != "" && u.Key != key {
			continue
		}
		sum := sums[u.Model]
		if sum == nil {
			sum = &Use{Key: key, Model: u.Model, Since: u.Since}
			sums[u.Model] = sum
		}
		sum.add(u)
	}
	t.mu.Unlock()
	var all []Use
	for name, u := range sums {
		if !t.known(name) {
			all = append(all, *u)
		}
	}
	slices.SortFunc(all, func(a, b Use) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Model, b.Model)) })
	return all
}

func (u *Use) add(more *Use) {
	u.Requests += more.Requests
	u.Tokens += more.Tokens
	u.Charged += more.Charged
	if more.Last.After(u.Last) {
		u.Last = more.Last
	}
	if more.Since.Before(u.Since) {
		u.Since = more.Since
	}
}
