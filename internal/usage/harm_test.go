package usage_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"crs/internal/usage"
)

// linesOf are the lines of a segment, with their ends.
func linesOf(t *testing.T, path string) [][]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.SplitAfter(b, []byte("\n"))
}

// TestDamageCountsNoRequestTwice damages every line of a ledger in turn, in several ways, before and behind what was counted:
// whatever line it is, a finished request is counted at most once, and one that was counted is not counted again.
func TestDamageCountsNoRequestTwice(t *testing.T) {
	t.Parallel()
	ways := map[string]func(line []byte) []byte{
		"a bit":              func(l []byte) []byte { return flipped(l, len(l)/2) },
		"its frame":          func(l []byte) []byte { return flipped(l, 3) },
		"its id":             func(l []byte) []byte { return flipped(l, bytes.Index(l, []byte("req_"))+12) },
		"its end":            func(l []byte) []byte { return flipped(l, len(l)-1) },
		"cut in two":         func(l []byte) []byte { l = bytes.Clone(l); l[len(l)/2] = '\n'; return l },
		"nothing but zeroes": func(l []byte) []byte { return append(make([]byte, len(l)-1), '\n') },
		"zeroes, end too":    func(l []byte) []byte { return make([]byte, len(l)) },
	}
	const counted, later = 4, 4
	for name, damage := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range 1 + 2*(counted+later) { // the header is a line, too
				if testing.Short() && n%4 != 0 {
					continue
				}
				p := newPlace(t)
				l, _ := p.open(t)
				for i := range counted {
					serve(t, l, record(i))
				}
				if err := l.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				for i := range later {
					serve(t, l, record(i))
				}
				if err := l.Commit(); err != nil { // and the process is gone
					t.Fatal(err)
				}
				path := filepath.Join(p.dir, "00000001.log")
				lines := linesOf(t, path)
				lines[n] = damage(lines[n])
				other := newPlace(t)
				other.store = p.store
				if err := errors.Join(os.MkdirAll(other.dir, 0o700), os.WriteFile(filepath.Join(other.dir, "00000001.log"), bytes.Join(lines, nil), 0o600)); err != nil {
					t.Fatal(err)
				}
				next, found := other.open(t)
				torn := n == len(lines)-2 && (name == "its end" || name == "zeroes, end too") // as a write that was cut
				if found.Interrupted != 0 && !torn {
					t.Errorf("line %d: %d finished requests are said to have been interrupted", n, found.Interrupted)
				}
				if found.Damaged == 0 && name != "its end" && !torn {
					t.Errorf("line %d: the damage was not seen", n)
				}
				if h := next.Harm(); h.Lines != found.Damaged || h.Ends != found.Ends {
					t.Errorf("line %d: it tells of %+v, and found %+v", n, h, found)
				}
				got := total(t, p).Requests
				whole := name == "its end" || torn // all must be there, one way or the other
				if got > counted+later || got < counted+later-1 || whole && got != counted+later {
					t.Errorf("line %d: %d requests are counted of %d", n, got, counted+later)
				}
				shut(t, next)
				again, found := other.open(t)
				if found.Interrupted+found.Ends != 0 {
					t.Errorf("line %d: after another start %+v", n, found)
				}
				shut(t, again)
				if now := total(t, p).Requests; now != got {
					t.Errorf("line %d: %d requests are counted, and %d after another start", n, got, now)
				}
			}
		})
	}
}

// TestALedgerThatLostItsEndCountsNoRequestTwice cuts off what was counted already.
func TestALedgerThatLostItsEndCountsNoRequestTwice(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	l, _ := p.open(t)
	for i := range 4 {
		serve(t, l, record(i))
	}
	shut(t, l)
	whole, err := os.ReadFile(filepath.Join(p.dir, "00000001.log"))
	if err != nil {
		t.Fatal(err)
	}
	mark, err := p.store.MarkOf(t.Context(), "n")
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(whole) - 1; cut > 0; cut -= 41 {
		other := newPlace(t)
		if err := errors.Join(os.MkdirAll(other.dir, 0o700), os.WriteFile(filepath.Join(other.dir, "00000001.log"), whole[:cut], 0o600),
			other.store.AddUp(t.Context(), "n", []usage.Sum{total(t, p)}, usage.Cursor{}, mark)); err != nil {
			t.Fatal(err)
		}
		l, found := other.open(t)
		serve(t, l, record(1))
		shut(t, l)
		if got := total(t, other); got.Requests != 5 || found.Interrupted != 0 || found.Damaged == 0 {
			t.Errorf("cut at %d of %d: %d requests are counted of 5; found %+v", cut, len(whole), got.Requests, found)
		}
	}
}

func flipped(line []byte, at int) []byte {
	line = bytes.Clone(line)
	line[max(0, min(at, len(line)-1))] ^= 1
	return line
}

// TestFilesThatVanishAreWrittenAnew: what a removed or replaced segment held can still be read, and is put back. Each harm is one
// step, for the ledger may mend it at any time.
func TestFilesThatVanishAreWrittenAnew(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(dir, path string) error{
		"removed": func(_, path string) error { return os.Remove(path) },
		"replaced": func(_, path string) error {
			return errors.Join(os.WriteFile(path+".another", []byte("another\n"), 0o600), os.Rename(path+".another", path))
		},
		"with its directory": func(dir, _ string) error { return os.Rename(dir, dir+".gone") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			l, _ := p.open(t)
			for i := range 5 {
				serve(t, l, record(i))
			}
			if err := l.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := harm(p.dir, filepath.Join(p.dir, "00000001.log")); err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				serve(t, l, record(i))
			}
			if err := l.Commit(); err != nil {
				t.Fatal(err)
			}
			if h := l.Harm(); !slices.Equal(h.Remade, []int64{1}) || len(h.Gone)+len(h.Cut) != 0 {
				t.Errorf("told %+v", h)
			}
			next, found := p.open(t) // the process is gone
			defer shut(t, next)
			if found.Counted != 10 || found.Damaged != 0 {
				t.Errorf("found %+v", found)
			}
		})
	}
}

func TestASegmentThatIsCutOrRemovedIsSaid(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	told := make(chan usage.Harm, 10)
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.SegmentBytes, o.Harmed = 2000, func(h usage.Harm) { told <- h } })
	for i := range 10 {
		serve(t, l, record(i))
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	all := files(t, p)
	if err := os.Remove(filepath.Join(p.dir, all[0].Name())); err != nil {
		t.Fatal(err)
	}
	select {
	case h := <-told:
		if !slices.Equal(h.Gone, []int64{1}) {
			t.Errorf("told %+v", h)
		}
	case <-time.After(time.Minute):
		t.Fatal("nobody was told that a segment is gone")
	}
	newest := all[len(all)-1].Name()
	if err := os.Truncate(filepath.Join(p.dir, newest), 10); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		serve(t, l, record(i))
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h := l.Harm(); len(h.Cut) != 1 || newest != fmt.Sprintf("%08d.log", h.Cut[0]) {
		t.Errorf("told %+v of %s", h, newest)
	}
	if got := total(t, p); got.Requests != 13 {
		t.Errorf("%d requests are counted", got.Requests)
	}
	shut(t, l)
}
