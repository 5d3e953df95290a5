package usage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// LedgerOptions are the knobs of a Ledger.
type LedgerOptions struct {
	Dir string
	// Node tells this ledger's marks from other nodes' in a shared store.
	Node    string
	Rollups Rollups
	// Log gets a copy of every closed record. Nil where nodes share nothing.
	Log  Log
	Zone *time.Location
	Now  func() time.Time
	// Commit is how often what was written is made durable: the most that kill -9 can lose.
	Commit time.Duration
	// AddUp is how often roll-ups are written.
	AddUp time.Duration
	// SegmentBytes is when a new file is begun. Zero means 32 MiB.
	SegmentBytes int64
	// Keep and MaxBytes bound the files by age and by size. Zero does not bound.
	Keep     time.Duration
	MaxBytes int64
	// Failed is told when writing or adding up begins to fail, and with nil when it works again. It must not block; it
	// may be nil.
	Failed func(error)
	// Open are ids of requests that another process has in flight: they stay open.
	Open []string
}

// Ledger is the first durable place of usage: an append-only log with group commit. Open and Close do not wait for the
// disk; one goroutine writes. What a killed process left open becomes partial when the next one starts.
type Ledger struct {
	opt LedgerOptions

	mu      sync.Mutex // guards the fields below; never held while a disk or a store works
	batch   *batch
	spare   *batch // the one that was written last, to be used again
	closed  bool
	lost    error // why nothing can be written just now
	days    dayCache
	lag     lag
	counted Mark             // how far the store has added up
	held    map[string]int64 // open requests, by id, with the segment their opening stands in; -1 while it is not written
	heir    Heir             // who writes now; nil when it is this ledger

	wake chan struct{}
	work sync.Mutex // serialises commits; guards the fields below; taken before mu
	file *os.File
	at   Mark // the end of the newest segment
	sums map[sumKey]*Sum
	owed bool // something is in sums, or the mark has moved

	adding  sync.Mutex // serialises adding up, and guards pending and late; taken before work, held while the store works
	pending *delivery  // what the store has not taken yet
	late    bool       // the last adding up failed

	sharing sync.Mutex // serialises copying to the shared log; guards shared; taken before work, held while the store works
	shared  *Mark      // how far that has come; nil when the store must be asked

	stop context.CancelFunc
	done sync.WaitGroup
}

// batch is what has been appended since the last commit.
type batch struct {
	lines  []byte
	opened []string
	sums   map[sumKey]*Sum
	since  time.Time // of its first line
}

const (
	// buffered is how much may wait for a disk that does not take it, before requests are refused.
	buffered       = 64 << 20
	defaultSegment = 32 << 20
)

// ErrNotWritable means that usage cannot be written down, and nothing more may be charged until it can.
var ErrNotWritable = errors.New("the ledger cannot be written")

// Open writes down that r was admitted. It is an error only when the ledger has been failing for so long that its buffer
// is full.
func (l *Ledger) Open(r *Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return fmt.Errorf("%w: it is shut", ErrNotWritable)
	case len(l.batch.lines) > buffered:
		return fmt.Errorf("%w: %w", ErrNotWritable, errors.Join(errors.New("its buffer is full"), l.lost))
	}
	l.held[r.ID] = -1
	if l.heir != nil {
		l.heir.Opened(r.appendJSON(nil))
		return nil
	}
	l.append(opened, r)
	l.batch.opened = append(l.batch.opened, r.ID)
	return nil
}

// Close writes down how r ended. It works also for a record that was never opened: a refused request.
func (l *Ledger) Close(r *Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, r.ID)
	if l.heir != nil {
		l.heir.Closed(r.appendJSON(nil))
		return
	}
	l.append(closed, r)
	if r.counts() {
		add(l.batch.sums, r, l.days.of(r.End(), l.opt.Zone))
	}
}

// append is called with mu held.
func (l *Ledger) append(what byte, r *Record) {
	if len(l.batch.lines) == 0 {
		l.batch.since = time.Now()
		l.poke()
	}
	l.batch.lines = appendLine(l.batch.lines, what, r.appendJSON)
}

func (l *Ledger) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// committer commits a while after something was appended, and sleeps while nothing is.
func (l *Ledger) committer(ctx context.Context) {
	defer l.done.Done()
	for {
		select {
		case <-l.wake:
			select {
			case <-time.After(l.opt.Commit):
			case <-ctx.Done():
				return
			}
			l.work.Lock()
			_ = l.commit() // what could not be written stays, and Failed was told
			l.work.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// Flush makes everything appended so far durable and adds it up.
func (l *Ledger) Flush(ctx context.Context) error {
	l.work.Lock()
	err := l.commit()
	l.work.Unlock()
	if err != nil {
		return err
	}
	return l.addUp(ctx)
}

// Shutdown flushes, and takes nothing more.
func (l *Ledger) Shutdown(ctx context.Context) error {
	l.mu.Lock()
	entrusted := l.heir != nil
	l.closed = true
	l.mu.Unlock()
	if entrusted {
		return nil
	}
	l.stop()
	l.done.Wait()
	err := l.Flush(ctx)
	if err == nil {
		last, stop := context.WithTimeout(ctx, lastShare)
		_ = l.share(last) // what is left is shared when the node is back
		stop()
	}
	return errors.Join(err, l.file.Close())
}

// lastShare is how long a ledger that is shut goes on copying records to other nodes.
const lastShare = 2 * time.Second

// commit writes the batch and makes it durable. What cannot be written is kept and tried again. It is called with work
// held.
func (l *Ledger) commit() error {
	l.mu.Lock()
	b := l.batch
	if len(b.lines) == 0 {
		l.mu.Unlock()
		return nil
	}
	l.lag.writing = b
	l.batch, l.spare = l.spare, nil
	if l.batch == nil {
		l.batch = newBatch()
	}
	l.mu.Unlock()

	if err := l.write(b.lines); err != nil {
		l.putBack(b, err)
		return err
	}
	l.written(b)
	return l.rotate()
}

// A buffer is kept for the next batch up to a size that holds a commit's worth of heavy traffic, as long as batches fill a
// fair part of it: growing one anew for each commit would be most of what the relay allocates.
const (
	reusable = 8 << 20
	usedPart = 16
)

func newBatch() *batch { return &batch{sums: map[sumKey]*Sum{}} }

// emptied makes a batch that was written ready for use again; nil when it is not worth it.
func (b *batch) emptied() *batch {
	if c := cap(b.lines); c > reusable || c > reusable/usedPart && len(b.lines) < c/usedPart {
		return nil
	}
	b.lines, b.opened = b.lines[:0], b.opened[:0]
	clear(b.sums)
	return b
}

// write appends to the newest segment, all or nothing.
func (l *Ledger) write(lines []byte) error {
	n, err := l.file.WriteAt(lines, l.at.Offset)
	if err == nil {
		err = syncData(l.file)
	}
	if err != nil {
		if n > 0 { // half a batch must not stay: it will be written again
			err = errors.Join(err, l.file.Truncate(l.at.Offset))
		}
		return fmt.Errorf("write the ledger: %w", err)
	}
	l.at.Offset += int64(len(lines))
	return nil
}

func (l *Ledger) putBack(b *batch, err error) {
	l.mu.Lock()
	l.lag.writing = nil
	b.lines = append(b.lines, l.batch.lines...)
	b.opened = append(b.opened, l.batch.opened...)
	merge(b.sums, l.batch.sums)
	l.batch = b
	first := l.lost == nil
	l.lost = err
	l.mu.Unlock()
	if first {
		l.report(err)
	}
	time.AfterFunc(time.Second, l.poke)
}

func (l *Ledger) report(err error) {
	if l.opt.Failed != nil {
		l.opt.Failed(err)
	}
}

func (l *Ledger) written(b *batch) {
	l.mu.Lock()
	for _, id := range b.opened {
		if _, open := l.held[id]; open {
			l.held[id] = l.at.Segment
		}
	}
	recovered := l.lost != nil
	l.lost = nil
	l.lag.durable(b)
	l.mu.Unlock()
	merge(l.sums, b.sums)
	l.owed = true
	l.mu.Lock()
	l.spare = b.emptied()
	l.mu.Unlock()
	if recovered {
		l.report(nil)
	}
}

// rotate begins a new segment when this one is full, and drops old ones. It is called with work held.
func (l *Ledger) rotate() error {
	if l.at.Offset < l.opt.SegmentBytes {
		return nil
	}
	if err := l.begin(l.at.Segment + 1); err != nil {
		return err
	}
	return l.prune()
}

// begin makes segment n the newest.
func (l *Ledger) begin(n int64) error {
	f, err := os.OpenFile(segmentPath(l.opt.Dir, n), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("begin a segment of the ledger: %w", err)
	}
	head, err := json.Marshal(segmentHead{Segment: n, Began: l.opt.Now().UTC(), Floor: l.floor(n)})
	if err != nil {
		return fmt.Errorf("begin a segment of the ledger: %w", err)
	}
	text := appendLine(nil, header, func(b []byte) []byte { return append(b, head...) })
	if _, err := f.Write(text); err != nil {
		return errors.Join(fmt.Errorf("begin a segment of the ledger: %w", err), f.Close(), os.Remove(f.Name()))
	}
	old := l.file
	l.file, l.at = f, Mark{Segment: n, Offset: int64(len(text))}
	if old != nil {
		return old.Close()
	}
	return nil
}

// floor is the oldest segment that holds the opening of a request that is still open, or n.
func (l *Ledger) floor(n int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, segment := range l.held {
		if segment >= 0 {
			n = min(n, segment)
		}
	}
	return n
}

// Health gives what keeps the ledger from being written, or nil, and how many requests are open in it.
func (l *Ledger) Health() (open int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held), l.lost
}
