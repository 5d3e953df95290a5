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
	from, to Mark
}

// adder counts what is appended into the roll-ups, every now and then, and copies records to where all nodes see them. It
// may wait for a store that is away as long as it likes: nothing else waits for it.
func (l *Ledger) adder(ctx context.Context) {
	defer l.done.Done()
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
	for end := l.end(); ; {
		d := l.next()
		if d == nil {
			return nil
		}
		l.giving()
		err := l.deliver(ctx, d)
		l.taken(err)
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrNotCounted, err)
		}
		if failed := err != nil; failed != l.late {
			l.late = failed
			l.report(err)
		}
		if err != nil {
			return err // it stays, and is given again
		}
		if !l.counted.Before(end) {
			return nil
		}
	}
}

// end is how far has been committed.
func (l *Ledger) end() Mark {
	l.work.Lock()
	defer l.work.Unlock()
	return l.at
}

// next gives the delivery that the store has not taken, or else what has been committed since the last one. It is called
// with adding held.
func (l *Ledger) next() *delivery {
	if l.pending != nil {
		return l.pending
	}
	l.work.Lock()
	defer l.work.Unlock()
	if !l.owed {
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
		var astray *Astray
		if errors.As(err, &astray) && try < recounts {
			if d, err = l.recount(astray.At); err == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
		l.pending = nil
		l.setCounted(d.to)
		return nil
	}
}

func (l *Ledger) setCounted(m Mark) {
	l.mu.Lock()
	l.counted = m
	l.mu.Unlock()
}

// recount makes a delivery of everything behind a mark, from the files. It is called with adding held.
func (l *Ledger) recount(from Mark) (*delivery, error) {
	l.work.Lock()
	d := &delivery{from: from, to: l.at}
	clear(l.sums) // they are in the files
	l.owed = false
	l.work.Unlock()
	l.pending = d

	sums, days := map[sumKey]*Sum{}, dayCache{}
	err := l.lines(from, d.to, func(_ Mark, s line) bool {
		r := new(Record)
		if s.good && s.what == closed && json.Unmarshal(s.body, r) == nil && r.counts() {
			add(sums, r, days.of(r.End(), l.opt.Zone))
		}
		return true
	})
	if err != nil {
		l.pending = &delivery{from: d.to, to: d.to} // so that the store says again where it is
		return nil, err
	}
	d.sums = list(sums)
	return d, nil
}

// counts reports whether a closed record is in the roll-ups.
func (r *Record) counts() bool { return !r.Free && r.Source != "" }

// lines gives the lines that end behind one mark and not behind another, with where they end. yield returns false to stop.
func (l *Ledger) lines(from, to Mark, yield func(Mark, line) bool) error {
	all, err := segments(l.opt.Dir)
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
		err := scan(segmentPath(l.opt.Dir, n), offset, func(s line) bool {
			end := Mark{Segment: n, Offset: s.end}
			more = !to.Before(end) && !s.torn && yield(end, s)
			return more
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}
