package pricing

import (
	"math"
	"math/bits"
)

// amount is a sum of money before it is rounded: in pico-USD, after times in millionths of those. 128 bits hold the
// product of any count with any price up to maxPrice.
type amount struct{ hi, lo uint64 }

const times1 Multiplier = 1_000_000

func (a *amount) add(count, price int64) {
	if count <= 0 {
		return
	}
	hi, lo := bits.Mul64(uint64(count), uint64(price))
	*a = a.plus(amount{hi, lo})
}

func (a amount) plus(b amount) amount {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(a.hi, b.hi, carry)
	return amount{hi, lo}
}

func (a amount) times(m Multiplier) amount {
	if a.hi >= 1<<20 { // more than a Cost holds whatever follows, and the product must not wrap
		return amount{hi: 1 << 62}
	}
	hi, lo := bits.Mul64(a.lo, uint64(m))
	return amount{hi + a.hi*uint64(m), lo}
}

// cost rounds to nano-USD, half up: the one rounding there is.
func (a amount) cost() Cost {
	const unit = 1_000 * uint64(times1) // of an amount after times, in a nano-USD
	a = a.plus(amount{lo: unit / 2})
	if a.hi >= unit {
		return math.MaxInt64
	}
	nano, _ := bits.Div64(a.hi, a.lo, unit)
	return Cost(min(nano, math.MaxInt64))
}
