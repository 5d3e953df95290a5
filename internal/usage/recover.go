package usage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"
)

// Recovery is what a ledger found of an earlier process.
type Recovery struct {
	// Interrupted is how many requests were open when it ended; they are partial now.
	Interrupted int
	// Counted is how many closed requests were not in the roll-ups yet.
	Counted int
	// Damaged is how many lines could not be read and were passed over.
	Damaged int
	// Ends is how many requests are open only because the line that closed them may be a damaged one. They are closed, and
	// not counted when they may have been before.
	Ends int
	// Open are the requests that stay open, because another process has them in flight.
	Open []*Record
	// CutBytes is how much of a torn last line was cut off; SavedTo is the file it was put into, "" when there was no room.
	CutBytes int64
	SavedTo  string
}

// OpenLedger opens the ledger in opt.Dir, makes it when there is none, and puts right what a killed process left: closed
// requests are added up once, open ones become partial. A disk that is full, and a store that takes nothing, are waited for.
func OpenLedger(ctx context.Context, opt LedgerOptions) (*Ledger, Recovery, error) {
	if opt.SegmentBytes == 0 {
		opt.SegmentBytes = defaultSegment
	}
	if opt.Buffer == 0 {
		opt.Buffer = defaultBuffer
	}
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, Recovery{}, fmt.Errorf("make the ledger's directory: %w", err)
	}
	mark, err := opt.Rollups.MarkOf(ctx, opt.Node)
	if err != nil {
		return nil, Recovery{}, err
	}
	l := &Ledger{
		opt: opt, batch: newBatch(), held: map[string]int64{}, sums: map[sumKey]*Sum{}, have: map[int64]bool{},
		wake: make(chan struct{}, 1), counted: mark,
	}
	l.home = inFiles{l}
	l.writing = l.home
	found, err := l.start(ctx)
	if err != nil {
		return nil, found, errors.Join(err, l.closeFile())
	}
	return l, found, nil
}

// start recovers and begins to write.
func (l *Ledger) start(ctx context.Context) (Recovery, error) {
	mine := map[string]bool{}
	for _, id := range l.opt.Open {
		mine[id] = true
	}
	r := l.recoverer(mine)
	mark := l.counted
	r.mark, r.from = &mark, mark
	if err := r.recover(); err != nil {
		return *r.found, err
	}
	if len(l.have) > 0 {
		l.mu.Lock()
		r.settle(true)
		l.mu.Unlock()
		l.owed = true
	}
	if err := l.Flush(ctx); err != nil && !errors.Is(err, ErrNotCounted) && !noRoom(err) {
		return *r.found, err
	}
	l.run(ctx)
	return *r.found, nil
}

// noRoom reports whether an error passes when somebody makes room.
func noRoom(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// recoverer reads the files that somebody else has written.
type recoverer struct {
	ledger *Ledger
	mark   *Cursor // how far has been counted; nil when that is not known
	from   Cursor  // everything behind it is read
	found  *Recovery
	mine   map[string]bool    // requests that have not ended
	open   map[string]*Record // those that are open in the files
	at     map[string]Cursor  // where the opening of each stands
	closed map[string]bool    // those of mine that are closed
	bad    []badLine
}

// badLine is one that cannot be read.
type badLine struct {
	raw   []byte
	start Cursor
	named bool // it names a request that is open in the files
}

func (l *Ledger) recoverer(mine map[string]bool) *recoverer {
	return &recoverer{
		ledger: l, found: new(Recovery), mine: mine, open: map[string]*Record{}, at: map[string]Cursor{}, closed: map[string]bool{},
	}
}

// recover finds where to go on writing, and what is open. It is called with the ledger's work held.
func (r *recoverer) recover() error {
	l := r.ledger
	all, err := segments(l.opt.Dir)
	if err != nil {
		return err
	}
	clear(l.have)
	for _, n := range all {
		l.have[n] = true
	}
	if len(all) == 0 {
		l.due = max(l.at.Segment, r.from.Segment) + 1 // past whatever was added up before the files went
		return nil
	}
	newest := all[len(all)-1]
	if err := l.resume(newest, r.found); err != nil {
		return err
	}
	if err := r.read(all, newest); err != nil {
		return errors.Join(err, l.closeFileHeld())
	}
	if r.mark != nil && l.at.Before(*r.mark) { // what was added up last is not in the files any more: never write below the mark
		r.found.Damaged++
		r.bad = append(r.bad, badLine{start: l.at}) // all that was counted, and is not there
		l.due = r.mark.Segment + 1
		return l.closeFileHeld()
	}
	return nil
}

// resume opens the newest segment for writing, behind its last whole line.
func (l *Ledger) resume(n int64, found *Recovery) error {
	path := segmentPath(l.opt.Dir, n)
	good, err := wholeOf(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	end, err := mendTail(f, good, found)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return l.continueIn(f, Cursor{Segment: n, Offset: end}, room{end: end})
}

// mendTail takes off a line that was not written whole, keeps it beside the ledger if there is room, and gives where to go on.
func mendTail(f *os.File, good int64, found *Recovery) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("open the ledger: %w", err)
	}
	if info.Size() == good {
		return good, nil
	}
	tail := make([]byte, info.Size()-good)
	if _, err := f.ReadAt(tail, good); err != nil {
		return 0, fmt.Errorf("read the ledger's torn end: %w", err)
	}
	found.CutBytes, found.SavedTo = int64(len(tail)), f.Name()+tornSuffix
	if err := os.WriteFile(found.SavedTo, tail, 0o600); err != nil {
		_ = os.Remove(found.SavedTo)
		found.SavedTo = ""
	}
	if end, ok := cover(f, good, len(tail)); ok {
		return end, nil
	}
	if err := f.Truncate(good); err != nil {
		return 0, fmt.Errorf("cut the ledger's torn end: %w", err)
	}
	return good, nil
}

// longestCover is well below maxLine.
const longestCover = 1 << 20

// cover writes a line that says nothing over a torn one: to cut that off would give back the room that is reserved behind it. A
// segment's first line cannot be one.
func cover(f *os.File, at int64, n int) (end int64, ok bool) {
	if at == 0 || n > longestCover {
		return 0, false
	}
	blank := appendLine(nil, header, func(b []byte) []byte {
		b = append(b, '{')
		b = append(b, bytes.Repeat([]byte{' '}, max(0, n-framing-len("{}\n")))...)
		return append(b, '}')
	})
	_, err := f.WriteAt(blank, at)
	return at + int64(len(blank)), err == nil
}

// read goes through every segment that may hold something that is not settled.
func (r *recoverer) read(all []int64, newest int64) error {
	from := min(r.from.Segment, newest)
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
	end := Cursor{Segment: segment, Offset: s.end}
	rec := new(Record)
	switch {
	case s.torn:
		return // it was cut off
	case s.good && s.what == header:
		return
	case !s.good, json.Unmarshal(s.body, rec) != nil:
		r.found.Damaged++
		r.bad = append(r.bad, badLine{raw: bytes.Clone(s.raw), start: Cursor{Segment: segment, Offset: s.end - int64(len(s.raw)) - 1}})
		return
	case s.what == opened:
		r.open[rec.ID], r.at[rec.ID] = rec, end
		return
	}
	delete(r.open, rec.ID)
	r.closed[rec.ID] = r.mine[rec.ID]
	if r.mark != nil && r.mark.Before(end) && rec.counts() {
		r.found.Counted++
		add(r.ledger.sums, rec, r.ledger.days.of(rec.End(), r.ledger.opt.Zone), &r.ledger.names)
	}
}

// settle keeps open what is in flight, and closes the rest. adopt makes the ledger hold what is in flight; otherwise it holds
// it already, or that has ended meanwhile. It is called with mu held.
func (r *recoverer) settle(adopt bool) {
	l := r.ledger
	for i := range r.bad {
		r.bad[i].named = r.names(&r.bad[i])
	}
	for _, id := range slices.Sorted(maps.Keys(r.open)) {
		rec := r.open[id]
		_, held := l.held[id]
		switch end := r.endOf(id); {
		case r.mine[id]:
			r.found.Open = append(r.found.Open, rec)
			if adopt || held {
				l.held[id] = r.at[id].Segment
			}
		case end == nil:
			r.found.Interrupted++
			l.interrupt(rec)
		default:
			r.found.Ends++
			l.endUnread(rec, r.counted(*end))
		}
	}
	l.harm.Lines, l.harm.Ends = r.found.Damaged, r.found.Ends
}

// endOf gives where a damaged line stands that may be the one that closed a request: the one that names it, or else the first
// behind its opening that names no other request. It is nil when there is none.
func (r *recoverer) endOf(id string) *Cursor {
	var maybe *Cursor
	for i := range r.bad {
		b := &r.bad[i]
		if b.start.Before(r.at[id]) {
			continue
		}
		if at := bytes.Index(b.raw, []byte(id)); at >= 0 {
			return &Cursor{Segment: b.start.Segment, Offset: b.start.Offset + int64(at)}
		}
		if maybe == nil && !b.named {
			maybe = &b.start
		}
	}
	return maybe
}

// names reports whether a damaged line tells of a request that is open in the files.
func (r *recoverer) names(b *badLine) bool {
	for id := range r.open {
		if bytes.Contains(b.raw, []byte(id)) {
			return true
		}
	}
	return false
}

// counted reports whether what stands at a place was counted.
func (r *recoverer) counted(at Cursor) bool { return at.Before(r.from) }

// Interrupt closes the record of a request whose process has ended.
func (l *Ledger) Interrupt(rec *Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.interrupt(rec)
}

// interrupt is called with mu held.
func (l *Ledger) interrupt(rec *Record) {
	rec.Source, rec.Error = Partial, "the daemon ended while this request was in flight"
	rec.Total = max(l.opt.Now().Sub(rec.At), time.Nanosecond)
	l.close(rec)
}

// endUnread closes the record of a request whose end cannot be read. It is called with mu held.
func (l *Ledger) endUnread(rec *Record, counted bool) {
	rec.Error = "how this request ended cannot be read: the ledger is damaged there"
	if rec.Source = Partial; counted {
		rec.Source = "" // once is enough
	}
	rec.Total = time.Nanosecond
	l.close(rec)
}

// prune deletes segments that are too old or too many, but none that is still needed to recover.
func (l *Ledger) prune() error {
	all, err := segments(l.opt.Dir)
	if err != nil {
		return err
	}
	needed := min(l.floor(l.at.Segment), l.mark().Segment)
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
