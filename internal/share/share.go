// Package share divides amounts of money among several, so that the parts come to the whole.
package share

import (
	"cmp"
	"math/big"
	"slices"
)

// Of divides a whole by weights, in whole units: each gets what is due to it, rounded down, and what is left goes to those who are due the
// largest remainder, the first of equals first. Where there is no weight at all, it is divided evenly. Nothing may be below zero.
func Of(whole int64, weights []int64) []int64 {
	parts := make([]int64, len(weights))
	sum := new(big.Int)
	for _, w := range weights {
		sum.Add(sum, big.NewInt(w))
	}
	if len(weights) == 0 {
		return parts
	}
	if sum.Sign() == 0 {
		return Of(whole, slices.Repeat([]int64{1}, len(weights)))
	}
	rest := make([]remainder, len(weights))
	left := whole
	for i, w := range weights {
		due, over := new(big.Int).Mul(big.NewInt(whole), big.NewInt(w)), new(big.Int)
		due.DivMod(due, sum, over)
		parts[i], rest[i] = due.Int64(), remainder{i, over}
		left -= parts[i]
	}
	slices.SortStableFunc(rest, func(a, b remainder) int { return cmp.Or(b.over.Cmp(a.over), cmp.Compare(a.of, b.of)) })
	for _, r := range rest[:left] {
		parts[r.of]++
	}
	return parts
}

// remainder is what is due to one beyond whole units.
type remainder struct {
	of   int
	over *big.Int
}

// Cents are the hundredths of another currency that an amount in nano-dollars comes to, at so many billionths of it for a dollar, rounded
// half up.
func Cents(nano, rate int64) int64 {
	n := new(big.Int).Mul(big.NewInt(nano), big.NewInt(rate))
	unit := big.NewInt(10_000_000) // of an amount in billionths: a hundredth
	unit.Mul(unit, big.NewInt(1_000_000_000))
	n.Lsh(n, 1).Add(n, unit)
	return n.Div(n, unit.Lsh(unit, 1)).Int64()
}
