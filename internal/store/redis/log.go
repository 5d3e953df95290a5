package redis

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/internal/errs"
	"crs/internal/id"
	"crs/internal/store"
	"crs/internal/usage"
)

// The log is a stream of chunks: a node's records of a second or so, compressed, one JSON object a line. The ID of a chunk is
// when Redis took it, by its own clock, so nothing here depends on the clocks of the nodes agreeing.

// Append implements usage.Log.
func (s *Store) Append(ctx context.Context, node string, records [][]byte, from, to usage.Cursor) error {
	chunk, err := pack(records)
	if err != nil {
		return err
	}
	v, err := s.run(ctx, s.scripts.append, []string{s.keys.store(logSlot), s.keys.marks(logSlot), s.keys.chunks()},
		s.id, node, markText(from), markText(to), s.opt.LogBytes, s.opt.KeepHours.Milliseconds(), chunk)
	if err == nil {
		err = settled(v)
	}
	return errs.Wrap(err, "copy records to the shared log")
}

func pack(records [][]byte) ([]byte, error) {
	if len(records) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if _, err := w.Write(append(r, '\n')); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return b.Bytes(), err
}

// LoggedTo implements usage.Log.
func (s *Store) LoggedTo(ctx context.Context, node string) (usage.Cursor, error) {
	return s.markOf(ctx, logSlot, node)
}

// Search implements usage.Log.
func (s *Store) Search(ctx context.Context, f usage.Filter) ([]*usage.Record, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	var found []*usage.Record
	err := s.backwards(ctx, f.Since, "+", func(taken time.Time, r *usage.Record) bool {
		if r == nil { // the end of a chunk
			found = newest(found, f.Limit)
			return len(found) == f.Limit && found[0].End().After(taken.Add(apart)) // older chunks hold older ends only
		}
		if f.Matches(r) {
			found = append(found, r)
		}
		return false
	})
	return found, errs.Wrap(err, "search the shared log")
}

// apart is how far the clocks of nodes and of Redis may differ for searches to find everything.
const apart = 5 * time.Minute

// newest gives the newest so many records, oldest first.
func newest(all []*usage.Record, most int) []*usage.Record {
	slices.SortStableFunc(all, func(a, b *usage.Record) int { return a.End().Compare(b.End()) })
	return all[max(0, len(all)-most):]
}

// Find implements usage.Log.
func (s *Store) Find(ctx context.Context, ref string) (*usage.Record, error) {
	since, ok := id.Time(ref)
	if !ok {
		return nil, nil
	}
	var found *usage.Record
	err := s.backwards(ctx, since, "+", func(_ time.Time, r *usage.Record) bool {
		if r != nil && r.ID == ref {
			found = r
		}
		return found != nil
	})
	return found, errs.Wrap(err, "search the shared log")
}

// Records implements usage.Log.
func (s *Store) Records(ctx context.Context, since, until time.Time, yield func(*usage.Record)) error {
	last := strconv.FormatInt(until.Add(apart).UnixMilli(), 10)
	err := s.backwards(ctx, since, last, func(_ time.Time, r *usage.Record) bool {
		if r != nil {
			yield(r)
		}
		return false
	})
	if err != nil {
		return fmt.Errorf("read the shared log: %w", err)
	}
	return nil
}

// backwards gives the records of each chunk, newest chunk first, and nil at its end, until yield says enough or what follows
// was taken well before since.
func (s *Store) backwards(ctx context.Context, since time.Time, from string, yield func(taken time.Time, r *usage.Record) (enough bool)) error {
	for {
		chunks, err := s.rdb.XRevRangeN(ctx, s.keys.chunks(), from, "-", chunksAtOnce).Result()
		if err != nil {
			return s.plain(err)
		}
		for _, c := range chunks {
			taken := takenAt(c.ID)
			if !since.IsZero() && taken.Before(since.Add(-apart)) {
				return nil
			}
			enough, err := unpack(fmt.Sprint(c.Values["records"]), func(r *usage.Record) bool { return yield(taken, r) })
			if err != nil {
				return fmt.Errorf("%w: chunk %s of the log: %w", store.ErrDamaged, c.ID, err)
			}
			if enough || yield(taken, nil) {
				return nil
			}
		}
		if len(chunks) < chunksAtOnce {
			return nil
		}
		from = "(" + chunks[len(chunks)-1].ID
	}
}

const chunksAtOnce = 50

func takenAt(id string) time.Time {
	ms, _, _ := strings.Cut(id, "-")
	n, _ := strconv.ParseInt(ms, 10, 64)
	return time.UnixMilli(n)
}

func unpack(chunk string, yield func(*usage.Record) bool) (enough bool, err error) {
	d := json.NewDecoder(flate.NewReader(strings.NewReader(chunk)))
	for {
		r := new(usage.Record)
		err := d.Decode(r)
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		case yield(r):
			return true, nil
		}
	}
}
