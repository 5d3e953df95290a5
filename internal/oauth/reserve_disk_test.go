//go:build linux

package oauth_test

import (
	"testing"

	"crs/lab/smalldisk"
)

// TestAReserveNeedsNoRoom: what was reserved can be written on a disk that is full.
func TestAReserveNeedsNoRoom(t *testing.T) {
	t.Parallel()
	disk, s := smalldisk.Mount(t, 4<<20), sealing(t)
	r := reserve(t, disk.Dir, s)
	disk.Fill()
	for generation := range int64(200) {
		keep(t, r, pair("a", generation+1))
		keep(t, r, pair("b", generation+1))
	}
	reserve(t, disk.Dir, s, pair("b", 200), pair("a", 200))
}
