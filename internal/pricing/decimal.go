package pricing

import (
	"errors"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

var (
	errNotANumber = errors.New("not a number")
	errNegative   = errors.New("must not be negative")
	errTooLarge   = errors.New("too large")
)

// parseDecimal reads a decimal number, 0.000003 or 3e-06, as a whole number of its places-th decimals. What is finer is
// rounded half up, and exact is false. No float is involved: 3e-06 is three millionths, not the nearest double.
func parseDecimal(text string, places int) (value int64, exact bool, err error) {
	if strings.HasPrefix(text, "-") {
		return 0, false, errNegative
	}
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		if exponent, err = strconv.Atoi(text[i+1:]); err != nil || max(exponent, -exponent) > 1000 {
			return 0, false, errNotANumber
		}
	}
	if value, exact, ok := shift(mantissa, exponent+places); ok {
		return value, exact, nil
	}
	number, ok := new(big.Rat).SetString(mantissa)
	if !ok || strings.Trim(mantissa, "0123456789.") != "" {
		return 0, false, errNotANumber
	}
	number.Mul(number, power10(exponent+places))
	exact = number.IsInt()
	number.Add(number, big.NewRat(1, 2))
	if rounded := new(big.Int).Quo(number.Num(), number.Denom()); rounded.IsInt64() {
		return rounded.Int64(), exact, nil
	}
	return 0, false, errTooLarge
}

// shift moves the decimal point of a number to the right, if nothing is large in that; it is rounded half up.
func shift(text string, by int) (value int64, exact, ok bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	by -= len(fraction)
	digits := whole + fraction
	if digits == "" || len(digits) > 18 || strings.Trim(digits, "0123456789") != "" {
		return 0, false, false
	}
	value, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || by < -18 || by > 0 && (by > 18 || value > math.MaxInt64/tenTo(by)) {
		return 0, false, false
	}
	if by >= 0 {
		return value * tenTo(by), true, true
	}
	power := tenTo(-by)
	return (value + power/2) / power, value%power == 0, true
}

// tenTo is a power of ten up to the eighteenth.
func tenTo(n int) int64 {
	power := int64(1)
	for range n {
		power *= 10
	}
	return power
}

func power10(n int) *big.Rat {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil)
	if n < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), power)
	}
	return new(big.Rat).SetInt(power)
}

// proportion is value × num / den, rounded half up, and no more than maxPrice. With nothing to compare it to it is value.
func proportion(value, num, den PerUnit) PerUnit {
	if den == 0 {
		return value
	}
	hi, lo := bits.Mul64(uint64(value), uint64(num))
	lo, carry := bits.Add64(lo, uint64(den)/2, 0)
	hi += carry
	if hi >= uint64(den) {
		return maxPrice
	}
	quotient, _ := bits.Div64(hi, lo, uint64(den))
	return PerUnit(min(quotient, maxPrice))
}
