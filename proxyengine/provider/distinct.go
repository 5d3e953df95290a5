package provider

import (
	"hash/maphash"
	"slices"
	"unsafe"
)

// mostDistinct is how many texts of one answer are told apart.
const mostDistinct = 64

// Distinct counts texts, each once, and keeps none of them.
type Distinct struct {
	seed   maphash.Seed
	hashes []uint64
	beyond int64 // those behind mostDistinct
}

// Add counts a text that has not been counted yet.
func (d *Distinct) Add(text string) {
	if d.hashes == nil {
		d.seed = maphash.MakeSeed()
	}
	switch hash := maphash.String(d.seed, text); {
	case slices.Contains(d.hashes, hash):
	case len(d.hashes) == mostDistinct:
		d.beyond++
	default:
		d.hashes = append(d.hashes, hash)
	}
}

// Count is how many there were.
func (d *Distinct) Count() int64 { return int64(len(d.hashes)) + d.beyond }

// Holds is how many bytes it keeps.
func (d *Distinct) Holds() int { return cap(d.hashes) * int(unsafe.Sizeof(d.seed)) }
