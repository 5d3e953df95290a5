package provider

import (
	"bytes"

	"crs/internal/jsonscan"
)

// mostFigure is far beyond what a count of tokens can be, and small enough that meters may add figures and subtract them.
const mostFigure = 1 << 40

// Figure reads a count that an upstream gives. One that cannot be that high is cut, and stays too high to be believed; a negative
// one is nothing. It is false for what is no whole number.
func Figure(raw []byte) (n int64, ok bool) {
	n, ok = jsonscan.Int(raw)
	if !ok {
		digits := bytes.TrimPrefix(raw, []byte("-"))
		if len(digits) < 19 || digits[0] == '0' || len(bytes.Trim(digits, "0123456789")) > 0 {
			return 0, false
		}
		n = mostFigure // more digits than an int64 has
		if len(digits) < len(raw) {
			n = 0
		}
	}
	return min(max(n, 0), mostFigure), true
}
