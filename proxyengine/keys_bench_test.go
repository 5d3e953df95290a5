package proxyengine

import (
	"strings"
	"testing"
)

// BenchmarkALongWord: what a client can have the relay look for keys in, of the length that a head may have.
func BenchmarkALongWord(b *testing.B) {
	key := presented("cr_" + strings.Repeat("0123456789abcdef", 4))
	for name, unit := range map[string]string{
		"base64": "y", "hexadecimal": "a", "letters of any kind": "yZ9/+_-a", "prefixes": "cr_", "percent": "%2525", "backslashes": `\\`, "entities": "&amp;",
		"bad escapes": "%zz", "unicode": `\u0063`, "masked": "xxxx*", "words": "many words ", "short words": "abcdefghijklmnopq ",
	} {
		text := strings.Repeat(unit, 6500/len(unit))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				key.holds(text)
				key.without(text)
			}
		})
	}
}

// BenchmarkALongQuery: the same for a query.
func BenchmarkALongQuery(b *testing.B) {
	key := presented("cr_" + strings.Repeat("0123456789abcdef", 4))
	for name, unit := range map[string]string{"parameters": "a&", "percent": "%25", "nested": "%2525", "escaped separators": "a=%26;", "words": "a=bcdefgh&"} {
		query := strings.Repeat(unit, 6000/len(unit))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(query)))
			for b.Loop() {
				key.withoutKey(query)
			}
		})
	}
}
