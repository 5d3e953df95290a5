package jsonscan

import (
	"math"
	"unicode/utf16"
	"unicode/utf8"

	"crs/internal/piecewise"
)

// String reads a raw value that is a JSON string. It is false for anything else, and for what encoding/json would not
// read either: an unknown escape, a control character. Invalid UTF-8 and lone surrogates become U+FFFD.
func String(raw []byte) (string, bool) {
	text, ok := unquote(raw)
	if !ok {
		return "", false
	}
	if plain(text) {
		return copyOf(text), true
	}
	out, ok := unescape(make([]byte, 0, len(text)), text)
	return View(out), ok
}

// StringUpTo is String for text that is of use up to most bytes: of a longer one it gives the beginning, which is longer than that,
// so that megabytes are not copied to be refused.
func StringUpTo(raw []byte, most int) (string, bool) {
	if text, ok := unquote(raw); ok && len(text) > longest*(most+2) {
		return String(quoted(text[:whole(text, longest*(most+1))]))
	}
	return String(raw)
}

// longest is how many bytes of JSON stand for one of text at most: \u0061.
const longest = len(`\u0061`)

// whole is the first place at or behind n that is not within an escape.
func whole(text []byte, n int) (at int) {
	for at < n {
		switch {
		case text[at] != '\\':
			at++
		case text[at+1] == 'u':
			at += longest
		default:
			at += len(`\n`)
		}
	}
	return at
}

func quoted(text []byte) []byte { return append(append([]byte{'"'}, text...), '"') }

// copyOf is text as a string of its own.
func copyOf(text []byte) string {
	if len(text) <= piecewise.Size {
		return string(text)
	}
	return View(piecewise.Append(nil, text))
}

// Equal reports whether a raw value is a JSON string that says text. It does not allocate.
func Equal(raw []byte, text string) bool {
	in, ok := unquote(raw)
	if !ok {
		return false
	}
	if plain(in) {
		return string(in) == text
	}
	for len(in) > 0 {
		r, size := decodeRune(in)
		want, width := utf8.DecodeRuneInString(text)
		// A byte of text that is no UTF-8 equals nothing: U+FFFD is what its decoding gives.
		if size == 0 || width == 0 || r != want || r == utf8.RuneError && width == 1 {
			return false
		}
		in, text = in[size:], text[width:]
	}
	return text == ""
}

// Bool reads a raw value that is true or false.
func Bool(raw []byte) (value, ok bool) {
	value = string(raw) == "true"
	return value, value || string(raw) == "false"
}

// Int reads a raw value that is a whole number written without a fraction or an exponent, and fits.
func Int(raw []byte) (int64, bool) {
	digits := raw
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 1 && digits[0] == '0' {
		return 0, false
	}
	magnitude := uint64(0)
	for _, c := range digits {
		if c < '0' || c > '9' || magnitude > math.MaxInt64/10 {
			return 0, false
		}
		magnitude = magnitude*10 + uint64(c-'0')
	}
	if len(digits) < len(raw) {
		return -int64(magnitude), magnitude <= -math.MinInt64
	}
	return int64(magnitude), magnitude <= math.MaxInt64
}

// unquote gives what is between a string's quotes.
func unquote(raw []byte) ([]byte, bool) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return nil, false
	}
	return raw[1 : len(raw)-1], true
}

// plain reports that text means what it says, byte for byte.
func plain(text []byte) bool {
	for _, c := range text {
		if c == '\\' || c == '"' || c < ' ' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func unescape(dst, text []byte) ([]byte, bool) {
	for len(text) > 0 {
		r, size := decodeRune(text)
		if size == 0 {
			return nil, false
		}
		dst = utf8.AppendRune(dst, r)
		text = text[size:]
	}
	return dst, true
}

// decodeRune reads the first character of a string's inside, escaped or not. A size of 0 means that no string may hold it.
func decodeRune(text []byte) (r rune, size int) {
	switch c := text[0]; {
	case c == '"' || c < ' ':
		return 0, 0
	case c == '\\':
		return decodeEscape(text)
	case c < utf8.RuneSelf:
		return rune(c), 1
	}
	return utf8.DecodeRune(text)
}

// escapes are what a backslash and one letter stand for.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func decodeEscape(text []byte) (r rune, size int) {
	if len(text) < 2 {
		return 0, 0
	}
	if short := escapes[text[1]]; short != 0 {
		return rune(short), 2
	}
	r, ok := decodeUnit(text)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if low, ok := decodeUnit(text[6:]); ok {
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			return both, 12
		}
	}
	return utf8.RuneError, 6
}

// decodeUnit reads one \uXXXX.
func decodeUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit := rune(0)
	for _, c := range text[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}
