package usage_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/internal/smalldisk"
	"crs/internal/usage"
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
		last := all.ids[len(all.ids)-1]
		if r, err := l.Find(t.Context(), last); err != nil || r == nil {
			t.Fatalf("the last one is not found: %v", err)
		}
		if found, err := l.Search(t.Context(), usage.Filter{Limit: 1000}); err != nil || len(found) != len(all.ids) {
			t.Fatalf("%d of %d are found: %v", len(found), len(all.ids), err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	all.told(t, l, "while the disk hangs")
	wake()
	all.inBalance(t, l, p)
}

// TestALedgerIsShutWhileItsDiskHangs, and says what is lost.
func TestALedgerIsShutWhileItsDiskHangs(t *testing.T) {
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
	disk.Hang()
	all.some(t, l, 7)
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	if err := l.Shutdown(ctx); err == nil || !strings.Contains(err.Error(), "not written, and lost, are the usage of 7 requests") {
		t.Errorf("it is shut with %v", err)
	}
}
