package usage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"crs/internal/durable"
)

// A disk that takes nothing is asked again after a pause, which doubles up to a longest one.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = TriesAgain
)

// TriesAgain is within what time a ledger that cannot be written tries again.
const TriesAgain = 2 * time.Second

// lookEvery is how often the files are looked at while nothing is written.
const lookEvery = 2 * time.Second

// committer commits a while after something was appended, and only looks after the files while nothing is.
func (l *Ledger) committer(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-l.wake:
			select {
			case <-time.After(l.wait()):
			case <-ctx.Done():
				return
			}
		case <-look.C:
			l.lookAround()
		case <-ctx.Done():
			return
		}
		_ = l.Commit() // what could not be written stays, and Failed was told
	}
}

// wait is how long to wait before what was appended is written: half of the time that it may take until it is durable, counted
// from the first line, so that the disk has the other half, and a batch that came while another was written is not late.
func (l *Ledger) wait() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.batch.lines) == 0 {
		return 0
	}
	return l.opt.Commit/2 - time.Since(l.batch.since)
}

// commit writes the batch and makes it durable. What cannot be written is kept, in its order, and tried again. It is called
// with work held.
func (l *Ledger) commit() error {
	if l.away {
		return nil
	}
	err := l.prepare()
	if err == nil {
		err = l.writeBatch()
	}
	var short, late error
	if err == nil {
		short, late = l.provide() // what was written is, all the same
	}
	l.fared(cmp.Or(err, late), short)
	return err
}

// provide sees to it that there is room for what is written next; short says that the disk has no more than what is reserved. It
// is called with work held.
func (l *Ledger) provide() (short, err error) {
	if short, waits := l.runsShort(); waits {
		return short, nil
	}
	err = l.rotate()
	switch {
	case err == nil:
		return l.room.topUp(l.file, l.opt.Reserve), nil
	case noRoom(err) && l.room.left() > 0:
		return fmt.Errorf("%w: %w", ErrOnReserve, err), nil
	}
	return nil, err
}

// runsShort tells why no more room could be reserved, and whether it is too soon to try again.
func (l *Ledger) runsShort() (short error, waits bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.short, l.short != nil && l.retry != nil
}

// prepare sees to it that there is a file to write to. It is called with work held.
func (l *Ledger) prepare() error {
	if l.back != nil {
		if err := l.takeBack(); err != nil {
			return err
		}
	}
	if l.file == nil {
		return l.begin(l.due)
	}
	return l.present()
}

// writeBatch is called with work held.
func (l *Ledger) writeBatch() error {
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
		l.putBack(b)
		return err
	}
	l.written(b)
	return nil
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
	if c := cap(b.lines); b.lent || c > reusable || c > reusable/usedPart && len(b.lines) < c/usedPart {
		return nil
	}
	b.lines, b.opened, b.count = b.lines[:0], b.opened[:0], 0
	clear(b.sums)
	return b
}

// follow adds a later batch to this one.
func (b *batch) follow(later *batch) {
	if len(b.lines) == 0 {
		b.since = later.since
	}
	b.lines = append(b.lines, later.lines...)
	b.opened = append(b.opened, later.opened...)
	b.count += later.count
	merge(b.sums, later.sums)
}

// write appends to the newest segment. The lines that a write which failed has brought there stay, and so does the room that
// they take: the next write begins at the same place, and has the same lines first.
func (l *Ledger) write(lines []byte) error {
	_, err := l.file.WriteAt(lines, l.at.Offset)
	if err == nil {
		err = syncData(l.file)
	}
	if err != nil {
		return fmt.Errorf("write the ledger: %w", errors.Join(err, l.keepWhole(lines)))
	}
	l.at.Offset += int64(len(lines))
	l.room.end = l.at.Offset
	l.wrote(0)
	return nil
}

// keepWhole cuts off the line in whose midst a write has failed: how much was written, os does not say.
func (l *Ledger) keepWhole(lines []byte) error {
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	whole := lines[:min(max(0, info.Size()-l.at.Offset), int64(len(lines)))]
	whole = whole[:bytes.LastIndexByte(whole, '\n')+1]
	l.room.end = l.at.Offset + int64(len(whole))
	l.wrote(bytes.Count(whole, []byte("\n")))
	if info.Size() == l.room.end {
		return nil
	}
	l.room.reserved = 0
	return l.file.Truncate(l.room.end)
}

// wrote notes how many lines a write that failed has brought to the disk.
func (l *Ledger) wrote(lines int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ahead = uint64(lines)
}

func (l *Ledger) putBack(b *batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lag.writing = nil
	b.follow(l.batch)
	l.batch = b
}

// fared notes whether the ledger can be written, and whether there is room for more; it tells when that has changed, and sees
// to it that it is tried again. It is called with work held.
func (l *Ledger) fared(err, short error) {
	l.mu.Lock()
	changed := (err == nil) != (l.lost == nil) || err == nil && (short == nil) != (l.short == nil)
	l.lost, l.short, l.left = err, short, l.room.left()
	if err == nil && short == nil {
		l.pause = 0
	} else if l.retry == nil {
		l.pause = min(max(2*l.pause, firstPause), longestPause)
		l.retry = time.AfterFunc(l.pause, l.again)
	}
	l.mu.Unlock()
	if changed {
		l.report(cmp.Or(err, short))
	}
}

func (l *Ledger) again() {
	l.mu.Lock()
	l.retry = nil
	l.mu.Unlock()
	l.poke()
}

func (l *Ledger) written(b *batch) {
	l.mu.Lock()
	for _, id := range b.opened {
		if _, open := l.held[id]; open {
			l.held[id] = l.at.Segment
		}
	}
	l.durable, l.end = l.durable+b.count, l.at
	l.lag.durable(b)
	l.mu.Unlock()
	merge(l.sums, b.sums)
	l.owed = true
	l.mu.Lock()
	l.spare = b.emptied()
	l.mu.Unlock()
}

// rotate begins a new segment when this one is full, and drops old ones. Where there is less room for a new one than the old
// one has, the old one grows on. It is called with work held.
func (l *Ledger) rotate() error {
	if l.at.Offset < l.opt.SegmentBytes {
		return nil
	}
	if err := l.begin(l.at.Segment + 1); err != nil {
		return err
	}
	return l.prune()
}

// begin makes segment n the newest, or one behind it when that is there already. It is called with work held.
func (l *Ledger) begin(n int64) error {
	f, err := os.OpenFile(segmentPath(l.opt.Dir, n), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return l.begin(n + 1)
	}
	if err != nil {
		return fmt.Errorf("begin a segment of the ledger: %w", err)
	}
	head, err := json.Marshal(segmentHead{Segment: n, Began: l.opt.Now().UTC(), Floor: l.floor(n)})
	if err != nil {
		return fmt.Errorf("begin a segment of the ledger: %w", err)
	}
	text := appendLine(nil, header, func(b []byte) []byte { return append(b, head...) })
	_, err = f.Write(text)
	if err == nil {
		err = durable.Dir(l.opt.Dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("begin a segment of the ledger: %w", err), f.Close(), os.Remove(f.Name()))
	}
	has := room{end: int64(len(text))}
	if err := has.topUp(f, l.opt.Reserve); err != nil && has.left() < l.room.left() {
		return errors.Join(fmt.Errorf("begin a segment of the ledger: %w", err), f.Close(), os.Remove(f.Name()))
	}
	return l.continueIn(f, Cursor{Segment: n, Offset: int64(len(text))}, has)
}

// continueIn has what comes next written to f. It is called with work held.
func (l *Ledger) continueIn(f *os.File, at Cursor, has room) error {
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open the ledger: %w", err), f.Close())
	}
	if l.file != nil {
		_ = l.room.giveBack(l.file)
		_ = l.file.Close() // what is in it is durable
	}
	l.file, l.info, l.at, l.room, l.have[at.Segment] = f, info, at, has, true
	l.mu.Lock()
	l.end = at
	l.mu.Unlock()
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
