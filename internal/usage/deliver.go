package usage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrNotCounted means that the store did not take what is in the ledger. It stays there and is given again.
var ErrNotCounted = errors.New("usage is not added up yet")

// delivery is what the store is given at once. It stays the same until the store has taken it: whether a batch was counted
// whose answer was lost, the store can tell by its marks only.
type delivery struct {
	sums     []Sum
	from, to Cursor
}

// adder counts what is appended into the roll-ups, every now and then, and copies records to where all nodes see them. It
// may wait for a store that is away as long as it likes: nothing else waits for it.
func (l *Ledger) adder(ctx context.Context) {
	adding := time.NewTicker(l.opt.AddUp)
	defer adding.Stop()
	var rested time.Time // when figures may be added up again
	for {
		select {
		case now := <-adding.C:
			if now.Before(rested) {
				continue
			}
			if l.addUp(ctx) == nil {
				rested = time.Now().Add(min(addUpPart*time.Since(now), addUpRest))
			}
			_ = l.share(ctx) // it is tried again, and its reason is addUp's, which has told it
		case <-ctx.Done():
			return
		}
	}
}

// Adding up many keys' figures takes a store a while. It has at most one part in addUpPart of the time, and figures are
// never older than addUpRest; whoever wants them newer calls Flush.
const (
	addUpPart = 100
	addUpRest = 10 * time.Second
)

// addUp hands to the store what has been committed, with the marks between which it stands.
func (l *Ledger) addUp(ctx context.Context) error {
	l.adding.Lock()
	defer l.adding.Unlock()
	for end := l.committed(); ; {
		more, err := l.deliverNext(ctx)
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrNotCounted, err)
		}
		if failed := err != nil; failed != l.late {
			l.late = failed
			l.report(err)
		}
		if err != nil || !more {
			return err // what was not taken stays, and is given again
		}
		if !l.counted.Before(end) {
			return nil
		}
	}
}

// deliverNext reports whether there was anything to deliver. It is called with adding held.
func (l *Ledger) deliverNext(ctx context.Context) (more bool, err error) {
	if err := l.findMark(ctx); err != nil {
		l.taken(err)
		return false, err
	}
	d := l.next()
	if d == nil {
		return false, nil
	}
	l.giving()
	err = l.deliver(ctx, d)
	l.taken(err)
	return true, err
}

// findMark asks the store how far it has added up, where somebody else has written the files meanwhile. It is called with
// adding held.
func (l *Ledger) findMark(ctx context.Context) error {
	if !l.isUnsure() {
		return nil
	}
	mark, err := l.opt.Rollups.MarkOf(ctx, l.opt.Node)
	if err != nil {
		return err
	}
	l.work.Lock()
	behind := l.at.Before(mark)
	if behind { // what was added up last is not in the files any more: never write below the mark
		err = l.begin(mark.Segment + 1)
		l.pending = nil
	}
	l.work.Unlock()
	if err == nil && !behind {
		_, err = l.recount(mark)
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.unsure = false
	if behind {
		l.counted = mark
	}
	l.mu.Unlock()
	return nil
}

// isUnsure reports whether the store must be asked how far it has added up, and the files can be read.
func (l *Ledger) isUnsure() bool {
	l.work.Lock()
	defer l.work.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unsure && l.back == nil && !l.away
}

// committed is how far the files hold what was appended.
func (l *Ledger) committed() Cursor {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// next gives the delivery that the store has not taken, or else what has been committed since the last one. It is called
// with adding held.
func (l *Ledger) next() *delivery {
	if l.pending != nil {
		return l.pending
	}
	l.work.Lock()
	defer l.work.Unlock()
	if !l.owed || l.back != nil {
		return nil
	}
	l.pending = &delivery{sums: list(l.sums), from: l.counted, to: l.at}
	clear(l.sums)
	l.owed = false
	return l.pending
}

func list(sums map[sumKey]*Sum) []Sum {
	all := make([]Sum, 0, len(sums))
	for _, s := range sums {
		all = append(all, *s)
	}
	return all
}

// recounts is how often in a row a store may say that it is elsewhere before that counts as a failure.
const recounts = 3

// deliver is called with adding held.
func (l *Ledger) deliver(ctx context.Context, d *delivery) error {
	for try := 0; ; try++ {
		err := l.opt.Rollups.AddUp(ctx, l.opt.Node, d.sums, d.from, d.to)
		var astray *CursorMismatch
		if errors.As(err, &astray) && try < recounts {
			if d, err = l.recount(astray.At); err == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
		l.pending = nil
		l.mu.Lock()
		l.counted = d.to
		l.mu.Unlock()
		return nil
	}
}

// mark is how far the store is known to have added up.
func (l *Ledger) mark() Cursor {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counted
}

// recount makes a delivery of everything behind a mark, from the files. It is called with adding held.
func (l *Ledger) recount(from Cursor) (*delivery, error) {
	l.work.Lock()
	d := &delivery{from: from, to: l.at}
	clear(l.sums) // they are in the files
	l.owed = false
	l.work.Unlock()
	l.pending = d

	sums, err := sumsOf(l.opt.Dir, from, d.to, l.opt.Zone)
	if err != nil {
		l.pending = &delivery{from: d.to, to: d.to} // so that the store says again where it is
		return nil, err
	}
	d.sums = list(sums)
	return d, nil
}

// SumsOf adds up what the ledger in a directory holds before a mark.
func SumsOf(dir string, to Cursor, zone *time.Location) ([]Sum, error) {
	sums, err := sumsOf(dir, Cursor{}, to, zone)
	return list(sums), err
}

// sumsOf adds up what the files have between two marks.
func sumsOf(dir string, from, to Cursor, zone *time.Location) (map[sumKey]*Sum, error) {
	sums, days, names := map[sumKey]*Sum{}, dayCache{}, models{}
	err := linesOf(dir, from, to, func(_ Cursor, s line) bool {
		r := new(Record)
		if s.good && s.what == closed && json.Unmarshal(s.body, r) == nil && r.counts() {
			add(sums, r, days.of(r.End(), zone), &names)
		}
		return true
	})
	return sums, err
}

// counts reports whether a closed record is in the roll-ups.
func (r *Record) counts() bool { return !r.Free && r.Source != "" }

// linesOf gives the lines that end behind one mark and not behind another, with where they end. yield returns false to stop.
func linesOf(dir string, from, to Cursor, yield func(Cursor, line) bool) error {
	all, err := segments(dir)
	if err != nil {
		return err
	}
	for _, n := range all {
		if n < from.Segment || n > to.Segment {
			continue
		}
		var offset int64
		if n == from.Segment {
			offset = from.Offset
		}
		more := true
		err := scan(segmentPath(dir, n), offset, func(s line) bool {
			end := Cursor{Segment: n, Offset: s.end}
			more = !to.Before(end) && !s.torn && yield(end, s)
			return more
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}
