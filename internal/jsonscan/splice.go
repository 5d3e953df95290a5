package jsonscan

// Splice replaces the length bytes of body at offset, which is how a member's value is changed: offset and length are
// [Scanner.Offset] and the length of [Scanner.Value]. Nothing is copied: the result is what to write, one part after the
// other, and its first and last part are body's own bytes. It panics when the range is not within body.
func Splice(body []byte, offset, length int, replacement []byte) [][]byte {
	return [][]byte{body[:offset:offset], replacement, body[offset+length:]}
}
