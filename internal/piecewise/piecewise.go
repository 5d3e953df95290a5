// Package piecewise moves megabytes so that nobody has to wait for it: while the runtime moves memory it cannot stop a goroutine,
// and everything stands still when it collects garbage meanwhile.
package piecewise

import "slices"

// Size is how much is moved at a time.
const Size = 64 << 10

// Append is append for what may be large. It grows to at most twice as much as is needed.
func Append(to, from []byte) []byte {
	switch n := len(to) + len(from); {
	case n <= Size:
		return append(to, from...)
	case n > cap(to):
		to = copied(make([]byte, 0, max(n, 2*len(to))), to)
	}
	return copied(to, from)
}

// Reusable empties a buffer that lives long, and lets go of one that something unusual has made large: there are thousands of them.
func Reusable(b []byte) []byte {
	if cap(b) > Size {
		return nil
	}
	return b[:0]
}

// copied appends to what has room for it.
func copied(to, from []byte) []byte {
	for piece := range slices.Chunk(from, Size) {
		to = append(to, piece...)
	}
	return to
}
