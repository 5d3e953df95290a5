package pricing

import (
	"math"
	"math/bits"
)

// amount is a sum of money before it is rounded, in units of 1e-24 USD: pico-USD after two factors in millionths. What does not
// fit is the largest amount, which is more than any Cost.
type amount struct{ hi, lo uint64 }

const times1 Multiplier = 1_000_000

var most = amount{math.MaxUint64, math.MaxUint64}

// price is what a count costs at a price, times two factors. A negative count is none.
func price(count int64, each PerUnit, first, second Multiplier) amount {
	if count <= 0 {
		return amount{}
	}
	hi, lo := bits.Mul64(uint64(count), uint64(each))
	return amount{hi, lo}.times(first).times(second)
}

func (a amount) plus(b amount) amount {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, carry := bits.Add64(a.hi, b.hi, carry)
	if carry != 0 {
		return most
	}
	return amount{hi, lo}
}

func (a amount) times(m Multiplier) amount {
	over, hi := bits.Mul64(a.hi, uint64(m))
	carried, lo := bits.Mul64(a.lo, uint64(m))
	hi, carry := bits.Add64(hi, carried, 0)
	if over != 0 || carry != 0 {
		return most
	}
	return amount{hi, lo}
}

// cost rounds to nano-USD, half up: the one rounding there is.
func (a amount) cost() Cost {
	const unit = 1_000 * uint64(times1) * uint64(times1) // of an amount, in a nano-USD
	a = a.plus(amount{lo: unit / 2})
	if a.hi >= unit {
		return math.MaxInt64
	}
	nano, _ := bits.Div64(a.hi, a.lo, unit)
	return Cost(min(nano, math.MaxInt64))
}
