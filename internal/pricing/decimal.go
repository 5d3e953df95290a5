package pricing

import (
	"errors"
	"math"
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
	digits, point, err := splitDecimal(text)
	if err != nil {
		return 0, false, err
	}
	count := point + places // how many digits the value has
	if digits == "" || count < 0 {
		return 0, digits == "", nil
	}
	if count > 19 { // more than an int64 has; 19 fit a uint64
		return 0, false, errTooLarge
	}
	amount := uint64(0)
	for i := range count {
		amount *= 10
		if i < len(digits) {
			amount += uint64(digits[i] - '0')
		}
	}
	finer := digits[min(count, len(digits)):]
	if finer != "" && finer[0] >= '5' {
		amount++
	}
	if amount > math.MaxInt64 {
		return 0, false, errTooLarge
	}
	return int64(amount), strings.Trim(finer, "0") == "", nil
}

// splitDecimal gives a number's digits without leading zeros, and where among them the decimal point is, which may be
// before the first digit or after the last.
func splitDecimal(text string) (digits string, point int, err error) {
	if strings.HasPrefix(text, "-") {
		return "", 0, errNegative
	}
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		if exponent, err = strconv.Atoi(text[i+1:]); err != nil || max(exponent, -exponent) > 1000 {
			return "", 0, errNotANumber
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits = whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", 0, errNotANumber
	}
	significant := strings.TrimLeft(digits, "0")
	return significant, len(whole) + exponent - (len(digits) - len(significant)), nil
}

// proportion is value × num / den, rounded half up, and no more than maxPrice. With nothing to compare to it is value.
func proportion(value, num, den PerToken) PerToken {
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
	return PerToken(min(quotient, maxPrice))
}
