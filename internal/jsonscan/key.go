package jsonscan

import "bytes"

// Escaped reports whether a key is written with escapes, so that its bytes are not its name. Hardly any client does that; a
// caller that looks for certain members must refuse such a key or compare its [Canonical] form, because the upstream will.
func Escaped(key []byte) bool { return bytes.IndexByte(key, '\\') >= 0 }

// Canonical gives the name that a key stands for, as encoding/json and the upstream read it. It is false when the key is
// not a JSON string. A key that is its own name comes back as it is, without a copy.
func Canonical(key []byte) ([]byte, bool) {
	if plain(key) {
		return key, true
	}
	return unescape(make([]byte, 0, len(key)), key)
}
