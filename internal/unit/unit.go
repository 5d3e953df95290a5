// Package unit says what usage and limits are counted in.
package unit

import "crs/internal/bound"

// Unit is something that requests use up. Numbers are kept by others: a new one comes last.
type Unit uint8

// The units.
const (
	Requests Unit = iota
	Tokens
	Cost // nano-USD
	Images

	count
)

// row is what there is to know of a unit.
type row struct {
	name string // where it is said, and stored
	// letter stands for it in Redis. It must never change.
	letter string
	// most is what one request can have used, at most.
	most int64
	// derived: what usage keeps anyway tells of it, so that nothing more has to be kept.
	derived bool
}

var rows = [count]row{
	Requests: {name: "requests", letter: "r", most: 1},
	Tokens:   {name: "tokens", letter: "t", most: 4 * bound.Tokens, derived: true},
	Cost:     {name: "cost", letter: "c", most: bound.Cost, derived: true},
	Images:   {name: "images", letter: "i", most: bound.Tokens},
}

// All are the units, in their order.
func All() []Unit {
	all := make([]Unit, count)
	for u := range count {
		all[u] = u
	}
	return all
}

// Named gives the unit of a name.
func Named(name string) (Unit, bool) {
	for u := range count {
		if rows[u].name == name {
			return u, true
		}
	}
	return 0, false
}

// String is its name.
func (u Unit) String() string {
	if u >= count {
		return "" // from a newer crs
	}
	return rows[u].name
}

// Letter stands for it in Redis.
func (u Unit) Letter() string { return rows[u].letter }

// Money reports whether it is counted in nano-USD.
func (u Unit) Money() bool { return u == Cost }

// AtOnce reports whether it is counted when a request is let in; of any other, an estimate is held back until the truth is known.
func (u Unit) AtOnce() bool { return u == Requests }

// Derived reports whether what usage keeps anyway tells of it.
func (u Unit) Derived() bool { return rows[u].derived }

// Amounts are how much of each unit.
type Amounts [count]int64

// Add sums up. It stays at the end of an int64 where a sum is beyond.
func (a Amounts) Add(more Amounts) Amounts {
	for u := range a {
		a[u] = bound.Sum(a[u], more[u])
	}
	return a
}

// Bound gives what of one request's amounts can be believed.
func (a Amounts) Bound() Amounts {
	for u := range a {
		a[u] = bound.Figure(a[u], rows[u].most)
	}
	return a
}

// Max gives the larger of each.
func (a Amounts) Max(b Amounts) Amounts {
	for u := range a {
		a[u] = max(a[u], b[u])
	}
	return a
}

// Full reports an amount that is as high as can be counted, or below nothing.
func (a Amounts) Full() bool {
	for _, n := range a {
		if n >= bound.Full || n < 0 {
			return true
		}
	}
	return false
}

// Settled are those that are counted when the truth is known: all but what counts at once.
func (a Amounts) Settled() Amounts {
	for u := range a {
		if Unit(u).AtOnce() {
			a[u] = 0
		}
	}
	return a
}

// AtOnce are those that are counted when a request is let in.
func AtOnce() Amounts {
	var a Amounts
	a[Requests] = 1
	return a
}

// List gives them for a program of another version, which may know fewer units, or more.
func (a Amounts) List() []int64 {
	for u := int(count); u > 0; u-- {
		if a[u-1] != 0 {
			return append([]int64(nil), a[:u]...)
		}
	}
	return nil
}

// Read takes what List gave. Units that are not known are left out.
func Read(list []int64) (a Amounts) {
	copy(a[:], list)
	return a
}
