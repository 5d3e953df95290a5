package usage

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

func segmentPath(dir string, n int64) string { return filepath.Join(dir, fmt.Sprintf("%08d.log", n)) }

// segments lists the segments there are, oldest first.
func segments(dir string) ([]int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list the ledger: %w", err)
	}
	var all []int64
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".log"); ok {
			if n, err := strconv.ParseInt(name, 10, 64); err == nil {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	return all, nil
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
		if len(raw) > 0 && !yield(readFrame(raw, at, err != nil)) {
			return nil
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
	raw = trimEnd(raw)
	l := line{raw: raw, end: end, torn: torn}
	if !torn {
		l.what, l.body, l.good = readLine(raw)
	}
	return l
}

func trimEnd(raw []byte) []byte {
	if n := len(raw); n > 0 && raw[n-1] == '\n' {
		return raw[:n-1]
	}
	return raw
}

// readHead gives a segment's first line; ok is false when that is damaged.
func readHead(path string) (head segmentHead, ok bool, err error) {
	err = scan(path, 0, func(l line) bool {
		ok = l.good && l.what == header && json.Unmarshal(l.body, &head) == nil
		return false
	})
	return head, ok, err
}
