package usage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"crs/internal/id"
)

// Filter selects records. Zero fields do not select.
type Filter struct {
	Key, Account string // ids
	// Status is an exact one (429), or a class as its first digit (4).
	Status       int
	Since, Until time.Time // when the record was closed
	// Unpriced selects what was asked of models whose price is not known.
	Unpriced bool
	// Limit keeps the newest so many. Zero means 100.
	Limit int
}

// Matches reports whether a closed record is selected.
func (f *Filter) Matches(r *Record) bool {
	end := r.End()
	switch {
	case f.Key != "" && r.Key != f.Key, f.Account != "" && r.Account != f.Account:
		return false
	case f.Unpriced && !r.Unpriced:
		return false
	case f.Status >= 100 && r.Status != f.Status, f.Status > 0 && f.Status < 10 && r.Status/100 != f.Status:
		return false
	case !f.Since.IsZero() && end.Before(f.Since), !f.Until.IsZero() && !end.Before(f.Until):
		return false
	}
	return true
}

// maySelect is false for a record that is not selected, as far as its line tells before it is read.
func (f *Filter) maySelect(body []byte) bool {
	return bytes.Contains(body, []byte(f.Key)) && bytes.Contains(body, []byte(f.Account)) && (!f.Unpriced || bytes.Contains(body, []byte(`"unpriced":true`)))
}

// Search gives the closed records that match, oldest first: those of every node, where nodes share a log that can be reached.
func (l *Ledger) Search(ctx context.Context, f Filter) ([]*Record, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	own, err := l.searchOwn(ctx, f)
	if err != nil || l.opt.Log == nil {
		return own, err
	}
	all, err := l.opt.Log.Search(ctx, f)
	if err != nil {
		return own, nil // what this node has is better than nothing while the store is away
	}
	return merged(own, all, f.Limit), nil
}

func (l *Ledger) searchOwn(ctx context.Context, f Filter) ([]*Record, error) {
	l.commitSoon()
	m := l.borrow() // before the files are read: what is written meanwhile is in both
	unwritten := m.closed(0, f.maySelect)
	found, err := l.searchFiles(ctx, f)
	if err != nil || len(unwritten) == 0 {
		return found, err
	}
	return merged(found, slices.DeleteFunc(unwritten, func(r *Record) bool { return !f.Matches(r) }), f.Limit), nil
}

func (l *Ledger) searchFiles(ctx context.Context, f Filter) ([]*Record, error) {
	var found []*Record
	err := l.backwards(ctx, f.Since, func(path string) (bool, error) {
		here, err := f.segment(path, f.Limit-len(found))
		found = append(here, found...)
		return len(found) < f.Limit, err
	})
	return found, err
}

// segment gives the newest matches of one segment, oldest first. The lines are found first and read from the last one on:
// most of them need not be decoded.
func (f *Filter) segment(path string, most int) ([]*Record, error) {
	var lines []place
	err := scan(path, 0, func(s line) bool {
		if s.good && s.what == closed && f.maySelect(s.body) {
			lines = append(lines, place{end: s.end - 1, size: len(s.body)})
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return f.among(path, lines, most)
}

// place is where a line's body is in a segment.
type place struct {
	end  int64
	size int
}

func (f *Filter) among(path string, lines []place, most int) ([]*Record, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	defer func() { _ = file.Close() }()
	var found []*Record
	var body []byte
	for _, at := range slices.Backward(lines) {
		if len(found) == most {
			break
		}
		body = slices.Grow(body[:0], at.size)[:at.size]
		if _, err := file.ReadAt(body, at.end-int64(at.size)); err != nil {
			return nil, fmt.Errorf("read the ledger: %w", err)
		}
		if r := new(Record); json.Unmarshal(body, r) == nil && f.Matches(r) {
			found = append(found, r)
		}
	}
	slices.Reverse(found)
	return found, nil
}

// Find gives the closed record with this id, nil when there is none.
func (l *Ledger) Find(ctx context.Context, ref string) (*Record, error) {
	own, err := l.findOwn(ctx, ref)
	if own != nil || err != nil || l.opt.Log == nil {
		return own, err
	}
	return l.opt.Log.Find(ctx, ref)
}

func (l *Ledger) findOwn(ctx context.Context, ref string) (*Record, error) {
	since, ok := id.Time(ref)
	if !ok {
		return nil, nil
	}
	l.commitSoon()
	m := l.borrow() // before the files are read: what is written meanwhile is in both
	for _, r := range m.closed(0, func(body []byte) bool { return bytes.Contains(body, []byte(ref)) }) {
		if r.ID == ref {
			return r, nil
		}
	}
	var found *Record
	err := l.backwards(ctx, since.Add(-time.Minute), func(path string) (bool, error) {
		err := scan(path, 0, func(s line) bool {
			if s.good && s.what == closed && bytes.Contains(s.body, []byte(ref)) {
				if r := new(Record); json.Unmarshal(s.body, r) == nil && r.ID == ref {
					found = r
				}
			}
			return found == nil
		})
		return found == nil, err
	})
	return found, err
}

// backwards visits the segments, newest first, until visit says enough or what follows was all closed before since.
func (l *Ledger) backwards(ctx context.Context, since time.Time, visit func(path string) (more bool, err error)) error {
	all, err := segments(l.opt.Dir)
	if err != nil {
		return err
	}
	for _, n := range slices.Backward(all) {
		if err := ctx.Err(); err != nil {
			return err
		}
		path := segmentPath(l.opt.Dir, n)
		head, ok, err := readHead(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil // pruned meanwhile, with all before it
		}
		if err != nil {
			return err
		}
		more, err := visit(path)
		if err != nil || !more || ok && !since.IsZero() && head.Began.Before(since) {
			return err
		}
	}
	return nil
}
