//go:build linux

package usage_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"crs/internal/usage"
	"crs/lab/smalldisk"
)

// smallPlace is a ledger on a disk of its own; the store that adds it up is elsewhere.
func smallPlace(t *testing.T) (place, *smalldisk.Disk) {
	t.Helper()
	disk := smalldisk.Mount(t, 1<<20)
	p := newPlace(t)
	p.dir = filepath.Join(disk.Dir, "ledger")
	return p, disk
}

// book is how often each request is in the ledger, and what they used.
func book(t *testing.T, l *usage.Ledger) (times map[string]int, input int64) {
	t.Helper()
	all, err := l.Search(t.Context(), usage.Filter{Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	times = map[string]int{}
	for _, r := range all {
		times[r.ID]++
		input += r.Tokens.Input
	}
	return times, input
}

// served are requests with what they used.
type served struct {
	ids   []string
	input int64
}

// some serves requests, whatever the disk says.
func (s *served) some(t *testing.T, l *usage.Ledger, n int) {
	t.Helper()
	for i := range n {
		r := record(i)
		serve(t, l, r)
		s.ids = append(s.ids, r.ID)
		s.input += r.Tokens.Input
	}
}

// inBalance checks that everything that was served is in the ledger and the roll-ups, once.
func (s *served) inBalance(t *testing.T, l *usage.Ledger, p place) {
	t.Helper()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	times, input := book(t, l)
	for _, id := range s.ids {
		if times[id] != 1 {
			t.Errorf("%s is in the ledger %d times", id, times[id])
		}
	}
	got := total(t, p)
	if len(times) != len(s.ids) || input != s.input || got.Requests != int64(len(s.ids)) || got.Tokens.Input != s.input {
		t.Errorf("served %d with %d tokens; in the ledger %d with %d, in the roll-ups %d with %d",
			len(s.ids), s.input, len(times), input, got.Requests, got.Tokens.Input)
	}
}

func TestAFullDiskIsWaitedFor(t *testing.T) {
	t.Parallel()
	p, disk := smallPlace(t)
	var told []error
	var mu sync.Mutex
	l, _ := p.open(t, func(o *usage.LedgerOptions) {
		o.Commit = time.Hour // nothing is written behind the test's back
		o.Failed = func(err error) { mu.Lock(); told = append(told, err); mu.Unlock() }
	})
	defer func() { shut(t, l) }()
	var all served
	all.some(t, l, 10)
	if err := l.Commit(); err != nil {
		t.Fatal(err)
	}
	disk.Fill()
	for range 20 { // each write may end in the middle of a line
		all.some(t, l, 7)
		_ = l.Commit()
	}
	if _, err := l.Health(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("while the disk is full: %v", err)
	}
	whole, err := os.ReadFile(filepath.Join(p.dir, "00000001.log"))
	if err != nil || len(whole) > 0 && whole[len(whole)-1] != '\n' {
		t.Errorf("a torn line was left: %q, %v", whole[max(0, len(whole)-40):], err)
	}
	disk.Free()
	all.inBalance(t, l, p)
	if _, err := l.Health(); err != nil {
		t.Errorf("when there is room: %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(told) != 2 || told[0] == nil || told[1] != nil {
		t.Errorf("told %v", told)
	}
}

// TestAFullDiskIsNotTheEndOfASegment: where no new one can be begun, the old one grows on.
func TestAFullDiskIsNotTheEndOfASegment(t *testing.T) {
	t.Parallel()
	p, disk := smallPlace(t)
	small := func(o *usage.LedgerOptions) { o.SegmentBytes = 3000 }
	l, _ := p.open(t, small)
	var all served
	all.some(t, l, 1)
	if err := l.Commit(); err != nil {
		t.Fatal(err)
	}
	disk.Fill()
	for range 10 {
		all.some(t, l, 5)
		_ = l.Commit()
	}
	disk.Free()
	all.inBalance(t, l, p)
	shut(t, l)
	l, found := p.open(t, small)
	if found.Interrupted+found.Damaged+found.Counted != 0 || found.CutBytes != 0 {
		t.Errorf("found %+v", found)
	}
	all.some(t, l, 20)
	all.inBalance(t, l, p)
	shut(t, l)
	if n := len(files(t, p)); n < 2 {
		t.Errorf("%d segments", n)
	}
}

func TestALedgerStartsOnAFullDisk(t *testing.T) {
	t.Parallel()
	for name, torn := range map[string]string{"as it was left": "", "with a torn end": "1234abcd c {\"id\":\"req_"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, disk := smallPlace(t)
			l, _ := p.open(t)
			var all served
			all.some(t, l, 5)
			cut := record(9)
			if err := l.Open(&usage.Record{ID: cut.ID, At: cut.At, Key: cut.Key}); err != nil {
				t.Fatal(err)
			}
			if err := l.Commit(); err != nil { // and then the process is gone
				t.Fatal(err)
			}
			f, err := os.OpenFile(filepath.Join(p.dir, "00000001.log"), os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString(torn)
			}
			if err != nil {
				t.Fatal(err)
			}
			_ = f.Close()
			disk.Fill()
			next, found := p.open(t)
			if found.Interrupted != 1 || found.Counted != 5 || found.CutBytes != int64(len(torn)) || torn != "" && found.SavedTo != "" {
				t.Errorf("found %+v", found)
			}
			for range 5 { // more than fits into the page
				all.some(t, next, 10)
			}
			if err := next.Commit(); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("while the disk is full: %v", err)
			}
			disk.Free()
			all.ids = append(all.ids, cut.ID)
			all.inBalance(t, next, p)
			shut(t, next)
		})
	}
}

// TestAFirstLedgerWaitsForRoom: there is no file to write to yet.
func TestAFirstLedgerWaitsForRoom(t *testing.T) {
	t.Parallel()
	p, disk := smallPlace(t)
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	disk.Fill()
	l, _ := p.open(t)
	var all served
	all.some(t, l, 5)
	if err := l.Commit(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("while the disk is full: %v", err)
	}
	disk.Free()
	all.inBalance(t, l, p)
	shut(t, l)
}

// TestMemoryIsBoundedWhileTheDiskIsFull: beyond the bound nothing more is let in, and what is in can still end.
func TestMemoryIsBoundedWhileTheDiskIsFull(t *testing.T) {
	t.Parallel()
	p, disk := smallPlace(t)
	const most = 200 << 10
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.Buffer = most })
	disk.Fill()
	var all served
	var inside []*usage.Record
	for i := range 10_000 {
		r := record(i)
		if err := l.Open(&usage.Record{ID: r.ID, At: r.At, Key: r.Key}); err != nil {
			if !errors.Is(err, usage.ErrNotWritable) || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("refused with %v", err)
			}
			break
		}
		inside = append(inside, r)
		all.ids, all.input = append(all.ids, r.ID), all.input+r.Tokens.Input
		if i%10 == 0 {
			_ = l.Commit()
		}
	}
	if len(inside) == 10_000 {
		t.Fatal("everything was let in")
	}
	for _, r := range inside {
		l.Close(r)
	}
	if got := l.Lag().Unwritten; got > most {
		t.Errorf("%d bytes wait in memory, and %d may", got, most)
	}
	for range 10_000 { // refusals come without end
		r := record(1)
		r.Source, r.Tokens, r.Status = "", usage.Tokens{}, 503
		l.Close(r)
	}
	if got := l.Lag().Unwritten; got > most+1000 {
		t.Errorf("%d bytes wait in memory after refusals, and %d may", got, most)
	}
	disk.Free()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	times, input := book(t, l)
	for _, id := range all.ids {
		if times[id] != 1 {
			t.Errorf("%s is in the ledger %d times", id, times[id])
		}
	}
	if input != all.input {
		t.Errorf("%d tokens of %d", input, all.input)
	}
	shut(t, l)
}

// TestWhatIsLostAtTheEndIsSaid: a daemon that is stopped while the disk is full tries until its time is up, and then says exactly what
// the next one does not find.
func TestWhatIsLostAtTheEndIsSaid(t *testing.T) {
	t.Parallel()
	p, disk := smallPlace(t)
	l, _ := p.open(t)
	var all served
	all.some(t, l, 10)
	disk.Fill()
	all.some(t, l, 40)
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	err := l.Shutdown(ctx)
	if err == nil || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("%v", err)
	}
	said := regexp.MustCompile(`lost, are the usage of (\d+) requests \(tokens: (\d+) input`).FindStringSubmatch(err.Error())
	if said == nil {
		t.Fatalf("it does not say what is lost: %v", err)
	}
	disk.Free()
	next, _ := p.open(t)
	found, err := next.Search(t.Context(), usage.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var there served
	for _, r := range found {
		if r.Error == "" { // its end is there
			there.ids, there.input = append(there.ids, r.ID), there.input+r.Tokens.Input
		}
	}
	if said[1] != strconv.Itoa(len(all.ids)-len(there.ids)) || said[2] != strconv.FormatInt(all.input-there.input, 10) || said[1] == "0" {
		t.Errorf("%d requests with %d tokens are gone, and it said: %s", len(all.ids)-len(there.ids), all.input-there.input, said[0])
	}
	shut(t, next)
}

// TestAHandoverIsTakenBackWhateverFails: the disk is full at each moment of it, and everything is written once, in order.
func TestAHandoverIsTakenBackWhateverFails(t *testing.T) {
	t.Parallel()
	t.Run("before the successor has the files", func(t *testing.T) {
		t.Parallel()
		p, disk := smallPlace(t)
		l, _ := p.open(t)
		h := new(successor)
		var all served
		all.some(t, l, 3)
		disk.Fill()
		for range 4 {
			all.some(t, l, 10)
		}
		if _, err := l.Delegate(t.Context(), h); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("delegated: %v", err)
		}
		all.some(t, l, 10) // the successor is told
		if err := l.TakeBack(t.Context(), ended()); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("taken back: %v", err)
		}
		all.some(t, l, 10)
		disk.Free()
		all.inBalance(t, l, p)
		shut(t, l)
	})
	t.Run("after the successor has written", func(t *testing.T) {
		t.Parallel()
		p, disk := smallPlace(t)
		l, _ := p.open(t)
		h := new(successor)
		var all served
		all.some(t, l, 3)
		running := record(5)
		if err := l.Open(running); err != nil {
			t.Fatal(err)
		}
		open, err := l.Delegate(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		all.some(t, l, 5) // told to the successor, which has written some of it and not said so
		other, _ := p.open(t, func(o *usage.LedgerOptions) { o.Open, o.SegmentBytes = open, 2000 })
		hears(t, other, h.lines[:5])
		var its served
		its.some(t, other, 20)
		if err := other.Commit(); err != nil { // and it is killed
			t.Fatal(err)
		}
		disk.Fill()
		_ = l.TakeBack(t.Context(), ended())
		for range 4 {
			all.some(t, l, 10)
		}
		l.Close(running)
		if err := l.Commit(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("taken back: %v", err)
		}
		disk.Free()
		all.ids, all.input = append(all.ids, running.ID), all.input+running.Tokens.Input
		all.ids, all.input = append(all.ids, its.ids...), all.input+its.input
		all.inBalance(t, l, p)
		shut(t, l)
		l, found := p.open(t)
		defer shut(t, l)
		if found.Interrupted+found.Damaged != 0 {
			t.Errorf("afterwards %+v", found)
		}
	})
	t.Run("while neither the files nor the store can be read", func(t *testing.T) {
		t.Parallel()
		p, _ := smallPlace(t)
		s := &unreadable{failing: failing{Rollups: p.store}}
		l, _ := p.open(t, func(o *usage.LedgerOptions) { o.Rollups = s })
		h := new(successor)
		var all served
		all.some(t, l, 3)
		if _, err := l.Delegate(t.Context(), h); err != nil {
			t.Fatal(err)
		}
		all.some(t, l, 5)
		s.fail(errors.New("away"))
		if err := os.Rename(p.dir, p.dir+".away"); err != nil {
			t.Fatal(err)
		}
		if err := l.TakeBack(t.Context(), ended()); err == nil {
			t.Error("it was taken back without its files")
		}
		all.some(t, l, 10)
		if _, err := l.Health(); err == nil || l.Flush(t.Context()) == nil {
			t.Errorf("it is well without its files: %v", err)
		}
		if err := os.Rename(p.dir+".away", p.dir); err != nil {
			t.Fatal(err)
		}
		if err := l.Commit(); err != nil { // the store is not needed for that
			t.Fatal(err)
		}
		if err := l.Flush(t.Context()); err == nil {
			t.Error("a store that is away has taken it")
		}
		s.fail(nil)
		all.inBalance(t, l, p)
		shut(t, l)
	})
}

// unreadable is a store that also cannot be asked while it fails.
type unreadable struct{ failing }

func (u *unreadable) MarkOf(ctx context.Context, node string) (usage.Cursor, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.err != nil {
		return usage.Cursor{}, u.err
	}
	return u.Rollups.MarkOf(ctx, node)
}

// hears does with a ledger what the lines say.
func hears(t *testing.T, l *usage.Ledger, lines []usage.Line) {
	t.Helper()
	for _, line := range lines {
		rec := decoded(t, line)
		if !line.Opened {
			l.Close(rec)
		} else if err := l.Open(rec); err != nil {
			t.Fatal(err)
		}
	}
}
