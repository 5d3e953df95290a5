//go:build linux

package usage_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"crs/internal/usage"
)

// reserving has a ledger reserve room on its disk; nothing is written behind the test's back.
func reserving(n int64) func(*usage.LedgerOptions) {
	return func(o *usage.LedgerOptions) { o.Reserve, o.Commit = n, time.Hour }
}

// copied is what a kill -9 would leave of a ledger just now.
func copied(t *testing.T, from, to place) {
	t.Helper()
	if err := os.CopyFS(to.dir, os.DirFS(from.dir)); err != nil {
		t.Fatal(err)
	}
}

// blocks is what a file takes on its disk.
func blocks(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}

// TestAReserveIsWrittenOnAFullDisk: what fits into it is durable, and what does not waits; the size of the file tells nothing of it.
func TestAReserveIsWrittenOnAFullDisk(t *testing.T) {
	t.Parallel()
	p, disk := smallPlace(t)
	var told []error
	l, _ := p.open(t, reserving(128<<10), func(o *usage.LedgerOptions) { o.Failed = func(err error) { told = append(told, err) } })
	path := filepath.Join(p.dir, "00000001.log")
	var all served
	all.some(t, l, 10)
	if err := l.Commit(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 64<<10 || blocks(t, path) < info.Size()+64<<10 {
		t.Fatalf("%d bytes take %d on the disk, %v", info.Size(), blocks(t, path), err)
	}
	disk.Fill()
	before, short := l.Reserve()
	if short != nil || before < 64<<10 {
		t.Fatalf("%d bytes are reserved, %v", before, short)
	}
	rounds := 0
	for l.Commit() == nil {
		left, _ := l.Reserve()
		if left > before {
			t.Fatalf("%d bytes were left, and now %d", before, left)
		}
		before = left
		if rounds++; rounds == 10 {
			if _, short = l.Reserve(); !errors.Is(short, usage.ErrOnReserve) || !errors.Is(short, syscall.ENOSPC) {
				t.Errorf("on a full disk with %d bytes left: %v", left, short)
			}
			if _, err := l.Health(); err != nil {
				t.Errorf("while there is a reserve: %v", err)
			}
		}
		all.some(t, l, 7)
	}
	if rounds < 10 {
		t.Fatalf("the reserve lasted for %d commits", rounds)
	}
	if _, err := l.Health(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("when the reserve is used up: %v", err)
	}
	whole, err := os.ReadFile(path)
	if err != nil || len(whole) == 0 || whole[len(whole)-1] != '\n' {
		t.Errorf("the file ends in a torn line, %v", err)
	}
	if len(whole)%4096 < 4096-2000 {
		t.Errorf("the last page has only %d bytes", len(whole)%4096)
	}
	if ends := strings.Count(string(whole), " c {"); ends < len(all.ids)-7 {
		t.Errorf("%d of %d are on the disk", ends, len(all.ids))
	}
	disk.Free()
	all.inBalance(t, l, p)
	if left, short := l.Reserve(); short != nil || left < 64<<10 {
		t.Errorf("when there is room: %d bytes are reserved, %v", left, short)
	}
	if len(told) != 3 || !errors.Is(told[0], usage.ErrOnReserve) || errors.Is(told[1], usage.ErrOnReserve) || told[2] != nil {
		t.Errorf("told %v", told)
	}
	shut(t, l)
	info, err = os.Stat(path)
	if err != nil || blocks(t, path) > info.Size()+4096 {
		t.Errorf("after the end %d bytes take %d, %v", info.Size(), blocks(t, path), err)
	}
}

// TestWhatAFailedWriteHasBroughtToTheDiskCounts: after a kill -9 with the reserve used up, whatever is in the file counts once.
func TestWhatAFailedWriteHasBroughtToTheDiskCounts(t *testing.T) {
	t.Parallel()
	p, disk := smallPlace(t)
	l, _ := p.open(t, reserving(64<<10))
	var all served
	all.some(t, l, 3)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	disk.Fill()
	failed := 0
	all.some(t, l, 150) // more than is reserved
	for range 5 {
		all.some(t, l, 150)
		if l.Commit() != nil {
			failed++
		}
	}
	if failed != 5 {
		t.Errorf("%d of 5 commits failed on a full disk", failed)
	}
	text, err := os.ReadFile(filepath.Join(p.dir, "00000001.log"))
	if err != nil {
		t.Fatal(err)
	}
	found := bytes.Count(text, []byte(" c {"))
	defer disk.Free() // so that the test ends; before that l goes on writing
	left := newPlace(t)
	left.store = p.store
	copied(t, p, left)
	next, recovery := left.open(t)
	if recovery.Damaged > 0 || recovery.CutBytes > 0 || recovery.Interrupted > 1 {
		t.Errorf("found %+v", recovery)
	}
	if err := next.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	times, _ := book(t, next)
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
	if got := total(t, left); len(times) < 40 || len(times) != found+recovery.Interrupted || got.Requests != int64(len(times)) {
		t.Errorf("%d were on the disk, %d are after the start, %d were added up", found, len(times), got.Requests)
	}
}

// TestALineThatSaysNothingCoversATornEnd: the room behind a torn end is not given back for it, whatever is torn.
func TestALineThatSaysNothingCoversATornEnd(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 13, 14, 15, 500, 5000, 70_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			p, disk := smallPlace(t)
			l, _ := p.open(t, reserving(256<<10))
			var all served
			all.some(t, l, 5)
			if err := l.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(p.dir, "00000001.log")
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString(strings.Repeat("x", n))
			}
			if err := errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
			before := blocks(t, path)
			disk.Fill()
			next, found := p.open(t, reserving(256<<10))
			if found.CutBytes != int64(n) || found.Damaged > 0 || found.SavedTo != "" {
				t.Errorf("found %+v", found)
			}
			if now := blocks(t, path); now != before {
				t.Errorf("of %d bytes on the disk there are %d", before, now)
			}
			all.some(t, next, 20)
			all.inBalance(t, next, p)
			third, found := p.open(t)
			if found.CutBytes+int64(found.Damaged+found.Counted+found.Interrupted) != 0 {
				t.Errorf("found later %+v", found)
			}
			all.inBalance(t, third, p)
		})
	}
}

// TestARotationTakesItsReserveAlong: a new segment has room of its own before the old one gives its own back, and where the disk
// has none for it, the old one grows on.
func TestARotationTakesItsReserveAlong(t *testing.T) {
	t.Parallel()
	p, disk := smallPlace(t)
	l, _ := p.open(t, reserving(128<<10), func(o *usage.LedgerOptions) { o.SegmentBytes = 20_000 })
	var all served
	write := func() {
		t.Helper()
		all.some(t, l, 5)
		if err := l.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	segment := func(n int) string { return filepath.Join(p.dir, fmt.Sprintf("%08d.log", n)) }
	until := func(n int) {
		t.Helper()
		for range 100 {
			if _, err := os.Stat(segment(n)); err == nil {
				return
			}
			write()
		}
		t.Fatalf("segment %d was not begun", n)
	}
	until(2)
	info, err := os.Stat(segment(1))
	if err != nil || blocks(t, segment(1)) > info.Size()+4096 || blocks(t, segment(2)) < 64<<10 {
		t.Errorf("the segments take %d and %d bytes, %v", blocks(t, segment(1)), blocks(t, segment(2)), err)
	}
	disk.Fill()
	for range 12 { // beyond what a segment is to hold
		write()
	}
	if _, err := os.Stat(segment(3)); err == nil || blocks(t, segment(2)) < 64<<10 {
		t.Errorf("a segment without a reserve was begun, %v; the old one has %d bytes", err, blocks(t, segment(2)))
	}
	if _, short := l.Reserve(); !errors.Is(short, usage.ErrOnReserve) {
		t.Errorf("on a full disk: %v", short)
	}
	disk.Free()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(segment(3)); err == nil {
			break
		}
		if err := l.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	until(3)
	all.inBalance(t, l, p)
	if _, err := l.Health(); err != nil {
		t.Error(err)
	}
}

// TestASuccessorHasTheReserve: it is not given back between two processes, not even on a full disk.
func TestASuccessorHasTheReserve(t *testing.T) {
	t.Parallel()
	p, disk := smallPlace(t)
	l, _ := p.open(t, reserving(256<<10))
	var all served
	all.some(t, l, 5)
	if err := l.Commit(); err != nil {
		t.Fatal(err)
	}
	disk.Fill()
	path := filepath.Join(p.dir, "00000001.log")
	before := blocks(t, path)
	to := new(successor)
	if _, err := l.Delegate(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	next, _ := p.open(t, reserving(256<<10))
	all.some(t, next, 60)
	if err := next.Commit(); err != nil {
		t.Fatal(err)
	}
	if now := blocks(t, path); now != before {
		t.Errorf("of %d bytes on the disk the successor has %d", before, now)
	}
	if left, short := next.Reserve(); !errors.Is(short, usage.ErrOnReserve) || left < 128<<10 {
		t.Errorf("the successor has %d bytes left, %v", left, short)
	}
	_ = l.TakeBack(t.Context(), ended()) // the successor is gone
	all.some(t, l, 10)
	all.inBalance(t, l, p)
	if now := blocks(t, path); now != before {
		t.Errorf("of %d bytes on the disk the old one has %d", before, now)
	}
}
