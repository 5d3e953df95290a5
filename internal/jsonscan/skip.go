package jsonscan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// MaxDepth is how deep the arrays and objects inside one value may nest.
const MaxDepth = 1024

// skipNested returns the end of the array or object that begins at i. When it has no proper end, expected is not empty and
// the position is where it went wrong.
//
// Which brackets are open is kept as bits, 1 for '{' and 0 for '[': the innermost 64 in open, those around them in outer.
func skipNested(b []byte, i int) (end int, expected string) {
	var outer [MaxDepth / 64]uint64
	var open uint64
	depth := 0
	for i < len(b) {
		c := b[i]
		i++
		if c == '"' {
			if i = skipString(b, i); i < 0 {
				return len(b), "the end of a string"
			}
			continue
		}
		if c|('['^']')|('['^'{') != '{'|']' { // not one of [ ] { }, nor Y _ y DEL, which fall through below
			continue
		}
		kind := uint64(c >> 5 & 1)
		switch c {
		case '{', '[':
			if depth%64 == 0 {
				if depth == MaxDepth {
					return i - 1, "no more than 1024 nested brackets"
				}
				outer[depth/64] = open
			}
			open = open<<1 | kind
			depth++
		case '}', ']':
			if open&1 != kind {
				return i - 1, "the other closing bracket"
			}
			open >>= 1
			depth--
			if depth%64 == 0 {
				if depth == 0 {
					return i, ""
				}
				open = outer[depth/64]
			}
		}
	}
	return len(b), "a closing bracket"
}

const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
	quotes    = '"' * everyByte
)

// skipString returns the end of the string whose first byte after the opening quote is at i, or -1. A body full of code is
// full of escaped quotes, a few bytes apart; the long jumps are left to bytes.IndexByte, the short ones cost a call less.
func skipString(b []byte, i int) int {
	for {
		near := uint64(0)
		if len(b)-i >= 8 {
			x := binary.LittleEndian.Uint64(b[i:]) ^ quotes
			near = (x - everyByte) &^ x & highBits // its lowest bit marks the first quote
		}
		if near != 0 {
			i += bits.TrailingZeros64(near) / 8
		} else {
			jump := bytes.IndexByte(b[i:], '"')
			if jump < 0 {
				return -1
			}
			i += jump
		}
		// The opening quote ends every run of backslashes.
		escapes := 0
		for b[i-1-escapes] == '\\' {
			escapes++
		}
		i++
		if escapes%2 == 0 {
			return i
		}
	}
}

// skipScalar returns the end of the number or word at i: i itself when there is none.
func skipScalar(b []byte, i int) int {
	for i < len(b) {
		switch c := b[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '+', c == '-', c == '.':
			i++
		default:
			return i
		}
	}
	return i
}

// Openings counts the objects and arrays of a text, outside of its strings: about what it would take to decode it.
func Openings(b []byte) (n int) {
	for i := 0; i < len(b); {
		c := b[i]
		i++
		switch c {
		case '"':
			if i = skipString(b, i); i < 0 {
				return n
			}
		case '{', '[':
			n++
		}
	}
	return n
}
