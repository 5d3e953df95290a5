package simulator

import (
	"strconv"
	"unicode/utf8"
)

// appendText appends s as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for s != "" {
		n := 0
		for n < len(s) && s[n] >= 0x20 && s[n] < utf8.RuneSelf && s[n] != '"' && s[n] != '\\' {
			n++
		}
		dst, s = append(dst, s[:n]...), s[n:]
		if s != "" {
			r, size := utf8.DecodeRuneInString(s)
			dst, s = appendRune(dst, r), s[size:]
		}
	}
	return append(dst, '"')
}

func appendRune(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch {
	case r == '"' || r == '\\':
		return append(dst, '\\', byte(r))
	case r == '\n':
		return append(dst, '\\', 'n')
	case r < 0x20:
		return append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
	}
	return utf8.AppendRune(dst, r)
}

// appendID appends a made-up identifier: as long as real ones, the same in every run, and with the number in it.
func appendID(dst []byte, prefix string, n int64) []byte {
	dst = append(dst, prefix...)
	dst = append(dst, "sim"...)
	for width := int64(1e17); width > 1 && n < width; width /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, n, 10)
}
