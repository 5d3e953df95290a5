package simulator

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape gives the text of a string that was read with text. It copies only when there is something to unescape.
func unescape(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	text := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			break
		}
		text = append(text, raw[:i]...)
		text, raw = appendEscaped(text, raw[i+1:])
	}
	return append(text, raw...)
}

// appendEscaped appends what an escape stands for, and gives what follows it. The backslash has been read. An unknown
// escape, which long documents may have, stands for itself.
func appendEscaped(text, raw []byte) (_, rest []byte) {
	const short, meant = "nrtbf", "\n\r\t\b\f"
	if i := bytes.IndexByte([]byte(short), raw[0]); i >= 0 {
		return append(text, meant[i]), raw[1:]
	}
	if raw[0] != 'u' || len(raw) < 5 {
		return append(text, raw[0]), raw[1:]
	}
	r, rest := hexRune(raw[1:]), raw[5:]
	if utf16.IsSurrogate(r) && len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
		if pair := utf16.DecodeRune(r, hexRune(rest[2:])); pair != utf8.RuneError {
			return utf8.AppendRune(text, pair), rest[6:]
		}
	}
	return utf8.AppendRune(text, r), rest // half a pair becomes U+FFFD
}

// hexRune reads the four digits of a \u escape.
func hexRune(digits []byte) rune {
	n, _ := strconv.ParseUint(string(digits[:4]), 16, 16)
	return rune(n)
}
