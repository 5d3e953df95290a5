package usage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"crs/internal/bound"
	"crs/internal/patience"
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
	// Commit is within what time what was written is durable, and so the most that kill -9 can lose: it is written after half
	// of it, and the disk has the other half.
	Commit time.Duration
	// AddUp is how often roll-ups are written.
	AddUp time.Duration
	// SegmentBytes is when a new file is begun. Zero means 32 MiB.
	SegmentBytes int64
	// Reserve is how much room on the disk is kept for what is written next, so that it can be when others have filled it.
	Reserve int64
	// Buffer is how much may wait in memory for a disk that takes nothing, before requests are refused. Zero means 64 MiB.
	Buffer int
	// Keep and MaxBytes bound the files by age and by size. Zero does not bound.
	Keep     time.Duration
	MaxBytes int64
	// Failed is told when writing or adding up begins to fail or the reserve is begun, and with nil when all works again. It
	// must not block; it may be nil.
	Failed func(error)
	// Harmed is told of harm that is done to the files while the ledger is open. It must not block; it may be nil.
	Harmed func(Harm)
	// Recovered is told what was found when the files were taken back from a successor. It must not block; it may be nil.
	Recovered func(Recovery)
	// Open are ids of requests that another process has in flight: they stay open.
	Open []string
}

// Ledger is the first durable place of usage: an append-only log with group commit. Open and Close do not wait for the
// disk; one goroutine writes. What a killed process left open becomes partial when the next one starts.
//
// A ledger writes; or it waits, because it cannot write, and keeps what it is told in memory and in order until it can; or
// it is delegated to a successor, which writes in its place. Nothing but Shutdown ends it.
type Ledger struct {
	opt  LedgerOptions
	home writing // who writes while this process is not handed over: this ledger

	mu      sync.Mutex // guards the fields below; never held while a disk or a store works
	batch   *batch
	spare   *batch // the one that was written last, to be used again
	shut    bool
	lost    error // why nothing can be written just now
	short   error // why no more room can be reserved
	left    int64 // room that is reserved
	pause   time.Duration
	retry   *time.Timer // pokes when writing or reserving is to be tried again; nil when neither fails
	days    dayCache
	names   models
	lag     lag
	counted Cursor           // how far the store has added up
	held    map[string]int64 // open requests, by id, with the segment their opening stands in; -1 while it is not written
	writing writing          // who writes now
	yielded bool             // the files are the successor's
	told    uint64           // lines that were appended since the process began
	durable uint64           // those of them that are written
	end     Cursor           // where the last of those ends; what is in memory follows
	ahead   uint64           // those of the others that a write which failed has brought to the disk
	dropped int              // refused requests that were not written down, for want of room
	harm    Harm
	unsure  bool // the store must be asked how far it has added up

	wake chan struct{}
	work sync.Mutex // serialises commits; guards the fields below; taken before mu
	file *os.File   // nil while there is none to write to: segment due is to be begun then
	info os.FileInfo
	due  int64
	at   Cursor         // the end of what is written of the newest segment
	room room           // what that has on disk
	have map[int64]bool // the segments that should be there
	back *takenBack     // what is to be done before anything is written; nil when there is nothing
	away bool           // the files are the successor's, or closed for good
	sums map[sumKey]*Sum
	owed bool // something is in sums, or the mark has moved

	adding  sync.Mutex // serialises adding up, and guards pending and late; taken before work, held while the store works
	pending *delivery  // what the store has not taken yet
	late    bool       // the last adding up failed

	sharing sync.Mutex // serialises copying to the shared log; guards shared; taken before work, held while the store works
	shared  *Cursor    // how far that has come; nil when the store must be asked

	stop context.CancelFunc
	done *sync.WaitGroup
}

// batch is what has been appended since the last commit.
type batch struct {
	lines  []byte
	count  uint64 // of the lines
	opened []string
	sums   map[sumKey]*Sum
	since  time.Time // of its first line
	lent   bool      // somebody reads lines: they may grow, and are never written over
}

const (
	defaultBuffer  = 64 << 20
	defaultSegment = 32 << 20
	// closing is how much is kept free for the end of each open request while the disk takes nothing.
	closing = 2 << 10
)

// ErrNotWritable means that usage cannot be written down, and nothing more may be charged until it can.
var ErrNotWritable = errors.New("the ledger cannot be written")

// Open writes down that r was admitted. It is an error only when the ledger has been failing for so long that its buffer
// is full.
func (l *Ledger) Open(r *Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.shut:
		return fmt.Errorf("%w: it is shut", ErrNotWritable)
	case l.full():
		return fmt.Errorf("%w: %w", ErrNotWritable, errors.Join(errors.New("its buffer is full"), l.lost))
	}
	l.held[r.ID] = -1
	l.writing.opened(r)
	return nil
}

// full reports whether no more fits into memory than the ends of what is open. It is called with mu held.
func (l *Ledger) full() bool {
	waiting := len(l.batch.lines)
	if w := l.lag.writing; w != nil {
		waiting += len(w.lines)
	}
	if l.lost != nil {
		waiting += len(l.held) * closing
	}
	return waiting > l.opt.Buffer
}

// Close writes down how r ended. It works also for a record that was never opened: a refused request.
func (l *Ledger) Close(r *Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close(r)
}

// close is called with mu held.
func (l *Ledger) close(r *Record) {
	_, open := l.held[r.ID]
	delete(l.held, r.ID)
	l.writing.closed(r, open)
}

// append is called with mu held.
func (l *Ledger) append(what byte, r *Record) {
	if len(l.batch.lines) == 0 {
		l.batch.since = time.Now()
		l.poke()
	}
	l.batch.lines = appendLine(l.batch.lines, what, r.appendJSON)
	l.batch.count++
	l.told++
}

func (l *Ledger) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Flush makes everything appended so far durable and adds it up.
func (l *Ledger) Flush(ctx context.Context) error {
	if err := l.Commit(); err != nil {
		return err
	}
	return l.addUp(ctx)
}

// Commit makes everything appended so far durable.
func (l *Ledger) Commit() error {
	l.work.Lock()
	defer l.work.Unlock()
	return l.commit()
}

// CommitWithin is Commit for who does not wait for a disk that hangs. When that answers, everything is made durable all the same.
func (l *Ledger) CommitWithin(most time.Duration) error {
	return patience.Within(most, l.Commit)
}

// Progress tells how many lines were appended since the process began, and how many of them are durable.
func (l *Ledger) Progress() (lines, durable uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told, l.durable
}

// Health gives what keeps the ledger from being written, or nil, and how many requests are open in it.
func (l *Ledger) Health() (open int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held), l.lost
}

// Harm is what was done to a ledger's files from outside.
type Harm struct {
	// Lines could not be read when the ledger was opened. Ends are requests whose end may have stood in them.
	Lines, Ends int
	// Gone are segments that somebody removed while the ledger was open, and Cut those that lost their end; the records in
	// them are lost. Remade are segments that were removed and could be written anew.
	Gone, Cut, Remade []int64
}

// Harm tells what was done to the files since the ledger was opened.
func (l *Ledger) Harm() Harm {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.harm
}

// Shutdown flushes, and takes nothing more. It goes on trying to write for as long as ctx lets it; what is lost then, the
// error says. A disk that gives no answer is not waited for any longer than that either.
func (l *Ledger) Shutdown(ctx context.Context) error {
	l.mu.Lock()
	here := l.writing == l.home
	l.shut = true
	l.mu.Unlock()
	if !here {
		return nil
	}
	ended := make(chan error, 1)
	go func() { ended <- l.wind(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(lastWord):
		return fmt.Errorf("%s: the disk, or the store, gives no answer", l.unwritten())
	}
}

// lastWord is for how long a ledger that is shut may still say by itself what is lost.
const lastWord = time.Second

// wind ends what the ledger does.
func (l *Ledger) wind(ctx context.Context) error {
	l.stop()
	l.done.Wait()
	if err := l.lastCommit(ctx); err != nil {
		return errors.Join(err, l.closeFile())
	}
	err := l.addUp(ctx)
	if err == nil {
		last, stop := context.WithTimeout(ctx, lastShare)
		_ = l.share(last) // what is left is shared when the node is back
		stop()
	}
	return errors.Join(err, l.closeFile())
}

// lastShare is how long a ledger that is shut goes on copying records to other nodes.
const lastShare = 2 * time.Second

// lastCommit tries until ctx ends.
func (l *Ledger) lastCommit(ctx context.Context) error {
	for {
		err := l.Commit()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(firstPause):
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", l.unwritten(), err)
		}
	}
}

// unwritten says what is in memory only.
func (l *Ledger) unwritten() string {
	m := l.borrow()
	var sum Sum
	refused := 0
	for _, r := range m.closed(m.ahead, everything) {
		if !r.counts() {
			refused++
			continue
		}
		sum.Add(&Sum{Requests: 1, Tokens: r.Tokens, Cost: r.Cost})
	}
	t := &sum.Tokens
	return fmt.Sprintf("not written, and lost, are the usage of %d requests (tokens: %d input, %d output, %d read from and %d written to caches; cost: $%.4f) and %d records of requests that cost nothing",
		sum.Requests, t.Input, t.Output, t.CacheRead, bound.Sum(t.CacheWrite, t.CacheWrite1h), float64(sum.Cost)/1e9, refused)
}

func (l *Ledger) closeFile() error {
	l.work.Lock()
	defer l.work.Unlock()
	l.mu.Lock()
	if l.retry != nil {
		l.retry.Stop()
	}
	l.mu.Unlock()
	l.away = true
	if l.file == nil {
		return nil
	}
	return errors.Join(l.room.giveBack(l.file), l.closeFileHeld())
}

// closeFileHeld is called with work held.
func (l *Ledger) closeFileHeld() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

func (l *Ledger) report(err error) {
	if l.opt.Failed != nil {
		l.opt.Failed(err)
	}
}
