// Package pricing says what a request cost. Prices come from tables in LiteLLM's format, one embedded and others laid over
// it; amounts are whole numbers throughout, so the same request always costs the same and sums are exact.
package pricing

import (
	"fmt"
	"strconv"
	"strings"
)

// Cost is an amount of money in nano-USD (a billionth of a dollar).
type Cost int64

const dollar Cost = 1_000_000_000

// String writes the amount in dollars, with two decimals or as many more as it takes to be exact: $12.50, $0.011364.
func (c Cost) String() string {
	sign, amount := "", uint64(c)
	if c < 0 {
		sign, amount = "-", -amount
	}
	whole, nano := amount/uint64(dollar), amount%uint64(dollar)
	decimals := fmt.Sprintf("%09d", nano)
	return sign + "$" + strconv.FormatUint(whole, 10) + "." + decimals[:2] + strings.TrimRight(decimals[2:], "0")
}

// Dollars gives the amount as a JSON document shows it. Do not calculate with it.
func (c Cost) Dollars() float64 { return float64(c) / float64(dollar) }
