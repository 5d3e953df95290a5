package key

import (
	"regexp"
	"strings"
)

// Masked is what stands in the place of a key.
const Masked = Prefix + "…"

// shape is a whole key; its first letters alone, as Hint has them, are none.
var shape = regexp.MustCompile(Prefix + `[0-9A-Za-z_-]{16}[0-9A-Za-z_-]*`)

// Mask gives text without keys of this relay's shape, for what is written down. A key that was presented may have another
// shape, or another spelling: who knows it masks it beforehand.
func Mask(text string) string {
	if !strings.Contains(text, Prefix) {
		return text
	}
	return shape.ReplaceAllString(text, Masked)
}
