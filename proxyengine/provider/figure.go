package provider

import (
	"bytes"
	"math"
	"strconv"

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

// NearFigure is Figure that also reads a count with a fraction, rounded up, or an exponent, which no provider's has.
func NearFigure(raw []byte) (n int64, ok bool) {
	if n, ok = Figure(raw); ok {
		return n, true
	}
	if len(raw) == 0 || len(raw) > longestFigure || raw[0] < '0' || raw[0] > '9' {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return 0, false
	}
	return int64(math.Ceil(min(f, mostFigure))), true
}

// longestFigure is longer than any number that somebody writes.
const longestFigure = 64

// odd reports whether a usage object has a number that is negative or has a fraction.
func odd(raw []byte) bool {
	if bytes.IndexByte(raw, '-') < 0 && bytes.IndexByte(raw, '.') < 0 { // as usual
		return false
	}
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '-' || c == '.'):
			return true
		}
	}
	return false
}
