package usage_test

import (
	"path/filepath"
	"testing"

	"crs/internal/smalldisk"
)

// TestWhoReadsTheLedgerDoesNotWaitForADiskThatHangs: what is being written, and what waits behind it, is told from memory.
func TestWhoReadsTheLedgerDoesNotWaitForADiskThatHangs(t *testing.T) {
	t.Parallel()
	disk := smalldisk.MountHanging(t, 32<<20)
	p := newPlace(t)
	p.dir = filepath.Join(disk.Dir, "ledger")
	l, _ := p.open(t)
	var all served
	all.some(t, l, 5)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	wake := disk.Hang()
	for !l.Lag().DiskFails {
		all.some(t, l, 5)
		all.told(t, l, "while the disk hangs")
	}
	wake()
	all.inBalance(t, l, p)
}
