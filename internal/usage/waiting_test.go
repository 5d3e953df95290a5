package usage_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/internal/patience"
	"crs/internal/usage"
	"crs/lab/smalldisk"
)

// onDisk is a ledger on a disk that can hang, with some requests in it.
func onDisk(t *testing.T) (*smalldisk.Disk, place, *usage.Ledger, *served) {
	t.Helper()
	disk := smalldisk.MountHanging(t, 32<<20)
	p := newPlace(t)
	p.dir = filepath.Join(disk.Dir, "ledger")
	l, _ := p.open(t)
	all := new(served)
	all.some(t, l, 5)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return disk, p, l, all
}

// TestWhoReadsTheLedgerDoesNotWaitForADiskThatHangs: what is being written, and what waits behind it, is told from memory.
func TestWhoReadsTheLedgerDoesNotWaitForADiskThatHangs(t *testing.T) {
	t.Parallel()
	disk, p, l, all := onDisk(t)
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
	disk, _, l, all := onDisk(t)
	disk.Hang()
	all.some(t, l, 7)
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	if err := l.Shutdown(ctx); err == nil || !strings.Contains(err.Error(), "not written, and lost, are the usage of 7 requests") {
		t.Errorf("it is shut with %v", err)
	}
}

// TestALedgerIsTakenBackWhileItsDiskHangs: whatever was to be handed over is not, nobody waits for the disk, and nothing is lost. The
// next time it is handed over.
func TestALedgerIsTakenBackWhileItsDiskHangs(t *testing.T) {
	t.Parallel()
	disk, p, l, all := onDisk(t)
	wake := disk.Hang()
	all.some(t, l, 5)
	if _, err := l.Delegate(t.Context(), new(successor)); !errors.Is(err, patience.ErrHangs) {
		t.Errorf("it is handed over: %v", err)
	}
	all.some(t, l, 5)
	if err := l.TakeBack(t.Context(), ended()); !errors.Is(err, patience.ErrHangs) {
		t.Errorf("it is taken back: %v", err)
	}
	all.some(t, l, 5)
	wake()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	all.told(t, l, "when the disk is back")
	if _, err := l.Delegate(t.Context(), new(successor)); err != nil {
		t.Fatal(err)
	}
	all.some(t, l, 5)
	if err := l.TakeBack(t.Context(), ended()); err != nil {
		t.Fatal(err)
	}
	all.inBalance(t, l, p)
}

// TestASuccessorThatMayStillWriteIsWaitedFor: one that was killed ends the write that the disk has of it.
func TestASuccessorThatMayStillWriteIsWaitedFor(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	l, _ := p.open(t)
	var all served
	all.some(t, l, 5)
	if _, err := l.Delegate(t.Context(), new(successor)); err != nil {
		t.Fatal(err)
	}
	all.some(t, l, 5)
	gone := make(chan struct{})
	if err := l.TakeBack(t.Context(), gone); err == nil || !strings.Contains(err.Error(), "has not ended") {
		t.Errorf("it is taken back from a successor that has not ended: %v", err)
	}
	all.some(t, l, 5)
	if _, err := l.Health(); err == nil {
		t.Error("it does not say that it is not written")
	}
	close(gone)
	all.inBalance(t, l, p)
}
