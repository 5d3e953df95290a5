package usage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Recovery is what OpenLedger found of an earlier process.
type Recovery struct {
	// Interrupted is how many requests were open when it ended; they are partial now.
	Interrupted int
	// Counted is how many closed requests were not in the roll-ups yet.
	Counted int
	// Damaged is how many lines could not be read and were passed over.
	Damaged int
	// Open are the requests that stay open, because another process has them in flight.
	Open []*Record
	// CutBytes is how much of a torn last line was cut off; SavedTo is the file it was put into.
	CutBytes int64
	SavedTo  string
}

// OpenLedger opens the ledger in opt.Dir, makes it when there is none, and puts right what a killed process left: closed
// requests are added up once, open ones become partial.
func OpenLedger(ctx context.Context, opt LedgerOptions) (*Ledger, Recovery, error) {
	if opt.SegmentBytes == 0 {
		opt.SegmentBytes = defaultSegment
	}
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, Recovery{}, fmt.Errorf("make the ledger's directory: %w", err)
	}
	l := &Ledger{
		opt: opt, batch: newBatch(), held: map[string]int64{}, sums: map[sumKey]*Sum{},
		wake: make(chan struct{}, 1),
	}
	found, err := l.start(ctx)
	return l, found, err
}

// start recovers and begins to write.
func (l *Ledger) start(ctx context.Context) (Recovery, error) {
	found, err := l.recover(ctx)
	if err != nil {
		if l.file != nil {
			err = errors.Join(err, l.file.Close())
		}
		return found, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	l.done.Add(2)
	go l.committer(running)
	go l.adder(running)
	return found, nil
}

func (l *Ledger) recover(ctx context.Context) (Recovery, error) {
	var found Recovery
	all, err := segments(l.opt.Dir)
	if err != nil {
		return found, err
	}
	mark, err := l.opt.Rollups.MarkOf(ctx, l.opt.Node)
	if err != nil {
		return found, err
	}
	l.counted = mark
	if len(all) == 0 {
		return found, l.begin(mark.Segment + 1) // past whatever was added up before the files went
	}
	newest := all[len(all)-1]
	if err := l.resume(newest, &found); err != nil {
		return found, err
	}
	r := recoverer{ledger: l, mark: mark, found: &found, open: map[string]*Record{}, at: map[string]int64{}}
	if err := r.read(all, newest); err != nil {
		return found, err
	}
	if l.at.Before(mark) { // what was added up last is not in the files any more: never write below the mark
		if err := l.begin(mark.Segment + 1); err != nil {
			return found, err
		}
	}
	r.interrupt()
	l.owed = true
	return found, l.Flush(ctx)
}

// resume opens the newest segment for writing, behind its last whole line.
func (l *Ledger) resume(n int64, found *Recovery) error {
	path := segmentPath(l.opt.Dir, n)
	var good int64
	err := scan(path, 0, func(s line) bool {
		if !s.torn {
			good = s.end
		}
		return true
	})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	l.file, l.at = f, Mark{Segment: n, Offset: good}
	return l.cutTail(path, good, found)
}

// cutTail takes off a line that was not written whole, and keeps it beside the ledger.
func (l *Ledger) cutTail(path string, good int64, found *Recovery) error {
	info, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	if info.Size() == good {
		return nil
	}
	tail := make([]byte, info.Size()-good)
	if _, err := l.file.ReadAt(tail, good); err != nil {
		return fmt.Errorf("read the ledger's torn end: %w", err)
	}
	found.CutBytes, found.SavedTo = int64(len(tail)), path+".torn"
	if err := os.WriteFile(found.SavedTo, tail, 0o600); err != nil {
		return fmt.Errorf("save the ledger's torn end: %w", err)
	}
	return l.file.Truncate(good)
}

// recoverer reads segments after a start.
type recoverer struct {
	ledger *Ledger
	mark   Mark
	found  *Recovery
	open   map[string]*Record
	at     map[string]int64 // the segment of each
}

// read goes through every segment that may hold something that is not settled.
func (r *recoverer) read(all []int64, newest int64) error {
	from := min(r.mark.Segment, newest)
	if head, ok, err := readHead(segmentPath(r.ledger.opt.Dir, newest)); err != nil {
		return err
	} else if ok {
		from = min(from, head.Floor)
	} else {
		from = all[0] // the head is damaged: look everywhere
	}
	for _, n := range all {
		if n < from {
			continue
		}
		if err := scan(segmentPath(r.ledger.opt.Dir, n), 0, func(s line) bool { r.line(n, s); return true }); err != nil {
			return err
		}
	}
	return nil
}

func (r *recoverer) line(segment int64, s line) {
	if !s.good {
		r.found.Damaged++
		return
	}
	if s.what == header {
		return
	}
	rec := new(Record)
	if json.Unmarshal(s.body, rec) != nil {
		r.found.Damaged++
		return
	}
	if s.what == opened {
		r.open[rec.ID], r.at[rec.ID] = rec, segment
		return
	}
	delete(r.open, rec.ID)
	if r.mark.Before(Mark{Segment: segment, Offset: s.end}) && rec.counts() {
		r.found.Counted++
		add(r.ledger.sums, rec, r.ledger.days.of(rec.End(), r.ledger.opt.Zone))
	}
}

// interrupt closes what the earlier process left open.
func (r *recoverer) interrupt() {
	for _, id := range r.ledger.opt.Open {
		if rec := r.open[id]; rec != nil {
			r.found.Open = append(r.found.Open, rec)
			r.ledger.held[id] = r.at[id] // nobody else has the ledger yet
			delete(r.open, id)
		}
	}
	for _, rec := range r.open {
		r.found.Interrupted++
		r.ledger.Interrupt(rec)
	}
}

// Interrupt closes the record of a request whose process has ended.
func (l *Ledger) Interrupt(rec *Record) {
	rec.Source, rec.Error = Partial, "the daemon ended while this request was in flight"
	rec.Total = max(l.opt.Now().Sub(rec.At), time.Nanosecond)
	l.Close(rec)
}

// prune deletes segments that are too old or too many, but none that is still needed to recover.
func (l *Ledger) prune() error {
	all, err := segments(l.opt.Dir)
	if err != nil {
		return err
	}
	l.mu.Lock()
	counted := l.counted
	l.mu.Unlock()
	needed := min(l.floor(l.at.Segment), counted.Segment)
	var total int64
	sizes := make(map[int64]os.FileInfo, len(all))
	for _, n := range all {
		info, err := os.Stat(segmentPath(l.opt.Dir, n))
		if err != nil {
			return fmt.Errorf("look at the ledger: %w", err)
		}
		sizes[n], total = info, total+info.Size()
	}
	for _, n := range all {
		old := l.opt.Keep > 0 && l.opt.Now().Sub(sizes[n].ModTime()) > l.opt.Keep
		large := l.opt.MaxBytes > 0 && total > l.opt.MaxBytes
		if n >= needed || !old && !large {
			return nil
		}
		if err := os.Remove(segmentPath(l.opt.Dir, n)); err != nil {
			return fmt.Errorf("delete an old segment of the ledger: %w", err)
		}
		total -= sizes[n].Size()
	}
	return nil
}
