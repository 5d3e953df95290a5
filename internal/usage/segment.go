package usage

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// segmentHead is the first line of a segment.
type segmentHead struct {
	Segment int64     `json:"segment"`
	Began   time.Time `json:"began"`
	// Floor is the oldest segment that then held a request which was still open: recovery begins there.
	Floor int64 `json:"floor"`
}

// How the ledger's files are called.
const (
	segmentDigits = 8
	segmentSuffix = ".log"
	tornSuffix    = ".torn"
)

func segmentPath(dir string, n int64) string {
	return filepath.Join(dir, fmt.Sprintf("%0*d%s", segmentDigits, n, segmentSuffix))
}

// OwnFile reports whether a file of that name in the ledger's directory is the ledger's own: a segment, or what was cut off
// one that had not been written whole.
func OwnFile(name string) bool {
	number, ok := strings.CutSuffix(strings.TrimSuffix(name, tornSuffix), segmentSuffix)
	if !ok || len(number) < segmentDigits || strings.Trim(number, "0123456789") != "" {
		return false
	}
	n, err := strconv.ParseInt(number, 10, 64)
	return err == nil && filepath.Base(segmentPath("", n)) == strings.TrimSuffix(name, tornSuffix)
}

// segments lists the segments there are, oldest first.
func segments(dir string) ([]int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list the ledger: %w", err)
	}
	var all []int64
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), segmentSuffix); ok {
			if n, err := strconv.ParseInt(name, 10, 64); err == nil {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	return all, nil
}

// EndOf gives where the ledger in a directory ends; the zero mark where there is none.
func EndOf(dir string) (Cursor, error) {
	all, err := segments(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Cursor{}, nil
	}
	if err != nil || len(all) == 0 {
		return Cursor{}, err
	}
	end := Cursor{Segment: all[len(all)-1]}
	end.Offset, err = wholeOf(segmentPath(dir, end.Segment))
	return end, err
}

// wholeOf gives where the last whole line of a segment ends.
func wholeOf(path string) (end int64, err error) {
	err = scan(path, 0, func(s line) bool {
		if !s.torn {
			end = s.end
		}
		return true
	})
	return end, err
}

// maxLine bounds a line; a record holds no bodies, so none comes near.
const maxLine = 4 << 20

// line is one line of a segment as a scan meets it.
type line struct {
	what byte
	body []byte // valid until the next line
	raw  []byte // the whole line without its end
	end  int64  // offset behind the line
	good bool
	torn bool // it has no end: the last write was cut
}

// scan gives every line of a segment from an offset on, bad ones too. yield returns false to stop.
func scan(path string, from int64, yield func(line) bool) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	br := bufio.NewReaderSize(f, 256<<10)
	at := from
	var long []byte
	for {
		raw, err := br.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) && len(long) < maxLine {
			long = append(long, raw...)
			continue
		}
		if len(long) > 0 {
			raw = append(long, raw...)
			long = nil
		}
		at += int64(len(raw))
		for _, part := range partsOf(readFrame(raw, at, err != nil)) {
			if !yield(part) {
				return nil
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("read the ledger: %w", err)
		}
	}
}

func readFrame(raw []byte, end int64, torn bool) line {
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	l := line{raw: raw, end: end, torn: torn}
	if !torn {
		l.what, l.body, l.good = readLine(raw)
	}
	return l
}

// partsOf gives a line itself, or nothing of an empty end. A bad one may be several, of which the ends were overwritten: then
// it gives the good ones among them, and what is between.
func partsOf(whole line) []line {
	if len(whole.raw) == 0 && whole.torn {
		return nil
	}
	if whole.good || whole.torn {
		return []line{whole}
	}
	start := whole.end - int64(len(whole.raw)) - 1
	var parts []line
	add := func(from, to int) {
		p := line{raw: whole.raw[from:to], end: start + int64(to) + 1}
		p.what, p.body, p.good = readLine(p.raw)
		parts = append(parts, p)
	}
	bad := 0 // where what is not in a part yet begins
	for at := 0; at < len(whole.raw); at++ {
		n := frameIn(whole.raw[at:])
		if n == 0 {
			continue
		}
		if at > bad+1 {
			add(bad, at-1)
		}
		add(at, at+n)
		bad = at + n + 1
		at = bad - 1
	}
	if bad == 0 {
		return []line{whole}
	}
	if len(whole.raw) > bad {
		add(bad, len(whole.raw))
	}
	return parts
}

// readHead gives a segment's first line; ok is false when that is damaged.
func readHead(path string) (head segmentHead, ok bool, err error) {
	err = scan(path, 0, func(l line) bool {
		ok = l.good && l.what == header && json.Unmarshal(l.body, &head) == nil
		return false
	})
	return head, ok, err
}
