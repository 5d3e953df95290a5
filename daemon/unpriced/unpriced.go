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
	tokens, charged := map[string]int64{}, r.Charged
	for _, i := range r.AppendBilled(nil) {
		if !t.known(i.Model) {
			tokens[i.Model] += i.Amount
		}
	}
	for name, n := range tokens {
		t.note(r, name, n, charged)
		charged = 0 // it is told once
	}
}

func (t *Tally) note(r *usage.Record, name string, tokens, charged int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := place{r.Key, name}
	u := t.all[at]
	if u == nil {
		if len(t.all) >= most {
			t.forget()
		}
		if len(t.all) >= most {
			return
		}
		u = &Use{Key: r.Key, Model: name, Since: r.At}
		t.all[at] = u
	}
	u.Requests++
	u.Tokens += tokens
	u.Charged += charged
	if end := r.End(); end.After(u.Last) {
		u.Last = end
	}
	if r.At.Before(u.Since) {
		u.Since = r.At
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
