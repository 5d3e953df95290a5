package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"crs/internal/piecewise"
)

// Digest names a conversation by what stays the same in it. The parts may be megabytes: nothing is copied, and others have their
// turn in between, for the runtime cannot stop a goroutine while it hashes.
func Digest(parts ...[]byte) string {
	sum := sha256.New()
	for i, part := range parts {
		if i > 0 {
			_, _ = sum.Write([]byte{0})
		}
		for some := range slices.Chunk(part, piecewise.Size) {
			_, _ = sum.Write(some)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
