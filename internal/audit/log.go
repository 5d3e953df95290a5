package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"crs/internal/errs"
	"crs/internal/id"
	"crs/internal/patience"
)

// Options are what a log works with.
type Options struct {
	Rows Rows
	Now  func() time.Time
	Node string
	// Keep and Bytes are how long and how much is kept.
	Keep  time.Duration
	Bytes int64
	// Patience is how long Record waits for its entry to be written; zero means half a second, for a call that has done what it was to
	// do must be answered also where the store hangs. Again is the time between two tries; zero means a second.
	Patience, Again time.Duration
	// Lost is told of an entry that is given up: there were too many, or the log was closed before it could be written.
	Lost func(Entry)
}

// Log writes entries, in the order in which they come. What the store does not take waits in memory, and is tried again.
type Log struct {
	opt  Options
	more chan struct{}
	stop context.CancelFunc
	over chan struct{}

	refusals refusals

	mu      sync.Mutex // guards the fields below; never held while the store works
	waiting []*waiting
	failed  error // why the last try failed; nil when it did not
}

// waiting is an entry that is not written yet.
type waiting struct {
	entry   Entry
	written chan struct{} // closed when it is
}

// most is how many entries wait at most: some 10 MB if all are as long as they may be.
const most = 1000

// Start starts a log. Its writer runs until Close.
func Start(opt Options) *Log {
	opt.Patience, opt.Again = cmp.Or(opt.Patience, time.Second/2), cmp.Or(opt.Again, time.Second)
	ctx, stop := context.WithCancel(context.Background())
	l := &Log{opt: opt, more: make(chan struct{}, 1), stop: stop, over: make(chan struct{})}
	go l.run(ctx)
	return l
}

// Record adds an entry, whose ID, time and node it sets, and waits until it is written, if that does not take long.
func (l *Log) Record(e Entry) {
	now := l.opt.Now()
	e.ID, e.Time, e.Node = id.New("aud", now), now.UTC().Truncate(time.Millisecond), l.opt.Node
	if e.Outcome == Refused && !l.refusals.first(&e, now) {
		return
	}
	w := &waiting{entry: e.Bounded(), written: make(chan struct{})}
	l.add(w)
	patience.Await(context.Background(), w.written, l.opt.Patience)
}

func (l *Log) add(w *waiting) {
	var lost *waiting
	l.mu.Lock()
	if len(l.waiting) == most {
		lost, l.waiting = l.waiting[0], l.waiting[1:]
	}
	l.waiting = append(l.waiting, w)
	l.mu.Unlock()
	if lost != nil {
		l.opt.Lost(lost.entry)
	}
	patience.Poke(l.more)
}

func (l *Log) run(ctx context.Context) {
	defer close(l.over)
	for {
		again := (<-chan time.Time)(nil)
		if !l.write(ctx) {
			again = time.After(l.opt.Again)
		}
		select {
		case <-l.more:
		case <-again:
		case <-ctx.Done():
			return
		}
	}
}

// atOnce is how many entries are written together.
const atOnce = 100

// write writes what waits, and reports whether that is all.
func (l *Log) write(ctx context.Context) bool {
	for {
		some := l.first()
		if len(some) == 0 {
			return true
		}
		entries := make([]Entry, len(some))
		for i, w := range some {
			entries[i] = w.entry
		}
		err := l.opt.Rows.AppendAudit(ctx, entries, l.limits())
		l.wrote(some, err)
		if err != nil {
			return false
		}
	}
}

func (l *Log) first() []*waiting {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*waiting(nil), l.waiting[:min(len(l.waiting), atOnce)]...)
}

func (l *Log) limits() Limits {
	return Limits{Since: l.opt.Now().Add(-l.opt.Keep), Bytes: l.opt.Bytes}
}

// wrote takes what was written off. What was given up meanwhile stands no longer there.
func (l *Log) wrote(some []*waiting, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed = err; err != nil {
		return
	}
	written := make(map[*waiting]bool, len(some))
	for _, w := range some {
		written[w] = true
		close(w.written)
	}
	l.waiting = slices.DeleteFunc(l.waiting, func(w *waiting) bool { return written[w] })
}

// Health is how many entries wait, and why they cannot be written; nil when they can.
func (l *Log) Health() (waiting int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting), l.failed
}

// Find gives entries that are written.
func (l *Log) Find(ctx context.Context, q Query) ([]Row, error) {
	rows, err := l.opt.Rows.Audit(ctx, q)
	return rows, errs.Wrap(err, "read the audit log")
}

// Forget forgets what is too old to keep.
func (l *Log) Forget(ctx context.Context) error {
	return errs.Wrap(l.opt.Rows.AppendAudit(ctx, nil, l.limits()), "forget old entries of the audit log")
}

// Close ends the writer, after one more try. What cannot be written even then is given up.
func (l *Log) Close(ctx context.Context) error {
	l.stop()
	select {
	case <-l.over:
	case <-ctx.Done():
		return errors.New("the store gives no answer to what is to be written to the audit log")
	}
	if l.write(ctx) {
		return nil
	}
	return l.giveUp()
}

func (l *Log) giveUp() error {
	l.mu.Lock()
	left, err := l.waiting, l.failed
	l.waiting = nil
	l.mu.Unlock()
	for _, w := range left {
		l.opt.Lost(w.entry)
	}
	return fmt.Errorf("%d entries of the audit log are not written: %w", len(left), err)
}
