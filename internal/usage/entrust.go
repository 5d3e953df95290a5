package usage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"crs/internal/patience"
)

// Heir writes the ledger in the place of one that was handed over. It gets records as they are written, in JSON, which are
// its own to keep; it must not block. Each is the heir of one handing over: they are told apart by ==.
type Heir interface {
	Opened(record []byte)
	Closed(record []byte)
	// Return gives back, in order, everything that may not be durable with the heir, which has ended. Nothing that it is
	// told later is kept.
	Return() []Line
}

// Line is what an heir was told.
type Line struct {
	Opened bool
	Record []byte
}

// Entrust makes everything durable, leaves the files to another process, and has it told of everything from then on. It
// gives the ids of the requests that are open. Whether it fails or not, Reclaim undoes it.
func (l *Ledger) Entrust(ctx context.Context, to Heir) (open []string, err error) {
	l.mu.Lock()
	l.heir = to
	open = slices.Collect(maps.Keys(l.held))
	l.mu.Unlock()
	l.stop()
	done := l.done
	err = patience.Within(entrustPatience, func() error { done.Wait(); return l.yield(to) })
	if err != nil {
		return nil, err
	}
	_ = patience.Within(2*lastShare, func() error { // what the store does not take, the heir counts from the files
		ctx, stop := context.WithTimeout(ctx, lastShare)
		defer stop()
		return l.addUp(ctx)
	})
	return open, nil
}

// entrustPatience is how long the disk may take for what is handed over. It has taken what was written a moment ago.
const entrustPatience = 5 * time.Second

// errTakenBack means that the disk has taken what was to be handed over too late.
var errTakenBack = errors.New("the ledger is not handed over any more")

// yield leaves the files, whole, to an heir, if it is still the one that they are handed over to.
func (l *Ledger) yield(to Heir) error {
	l.work.Lock()
	defer l.work.Unlock()
	if !l.isHeir(to) {
		return errTakenBack
	}
	if err := l.commit(); err != nil {
		return err
	}
	if !l.bequeath(to) {
		return errTakenBack
	}
	l.away, l.room = true, room{} // what is reserved is the heir's
	err := l.file.Close()
	l.file = nil
	return err
}

func (l *Ledger) isHeir(h Heir) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heir == h
}

// bequeath makes the files an heir's, unless the ledger was taken back meanwhile.
func (l *Ledger) bequeath(to Heir) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heir != to {
		return false
	}
	l.yielded = true
	return true
}

// takenBack is what is to be done when the files of a ledger that was entrusted can be read again.
type takenBack struct {
	told []toldRecord
	mine map[string]bool // requests that have not ended with the heir
	gone <-chan struct{} // closed when the heir writes nothing more
}

// Reclaim writes again in the place of an heir that has ended. Nothing is lost when the files cannot be read or written just
// now, nor while gone is not closed: an heir that was killed while the disk hangs still ends the write that it had begun. That is tried
// again, and what is to be written waits in its order. The error says why it waits. It does nothing when the ledger is not entrusted.
func (l *Ledger) Reclaim(ctx context.Context, gone <-chan struct{}) error {
	if !l.resumeFrom(gone) {
		return nil
	}
	l.run(ctx)
	return l.CommitWithin(reclaimPatience)
}

// reclaimPatience is how long the disk may take for that.
const reclaimPatience = 2 * time.Second

// errHeirStays means that the heir may still write.
var errHeirStays = errors.New("the new process was killed and has not ended: it waits for the disk of the data directory, which hangs")

// resumeFrom has everything told to this ledger again, and reports whether it was told to somebody else.
func (l *Ledger) resumeFrom(gone <-chan struct{}) bool {
	if resumed, was := l.resumeOwn(); resumed || !was {
		return was
	}
	l.work.Lock()
	defer l.work.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	told := records(l.heir.Return())
	l.heir, l.yielded = nil, false
	back := &takenBack{told: told, mine: map[string]bool{}, gone: gone}
	for id := range l.held {
		back.mine[id] = true
	}
	for _, t := range told {
		back.mine[t.rec.ID] = true
	}
	l.away, l.back, l.unsure = false, back, true
	return true
}

// resumeOwn does that where the heir never got the files: they are as they were, and so is what waits. The disk may hang. was tells
// whether the ledger was entrusted.
func (l *Ledger) resumeOwn() (resumed, was bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heir == nil || l.yielded {
		return false, l.heir != nil
	}
	told := records(l.heir.Return())
	l.heir = nil
	l.tell(told, nil)
	return true, true
}

// takeBack finds out what the heir has written, and puts what it has not before what waits. It is called with work held.
func (l *Ledger) takeBack() error {
	select {
	case <-l.back.gone:
	default:
		return errHeirStays
	}
	r := l.recoverer(l.back.mine)
	r.from = l.mark()
	if err := r.recover(); err != nil {
		return fmt.Errorf("take the ledger back: %w", err)
	}
	clear(l.sums) // the files and the store know better
	l.owed = true
	l.mu.Lock()
	later := l.batch
	l.batch = newBatch()
	l.tell(l.back.told, r)
	r.settle(false)
	l.batch.follow(later)
	l.back = nil
	l.mu.Unlock()
	if l.opt.Recovered != nil {
		l.opt.Recovered(*r.found)
	}
	return nil
}

type toldRecord struct {
	opened bool
	rec    *Record
}

// records leaves out what cannot be read, which cannot be: this process wrote it.
func records(lines []Line) []toldRecord {
	var all []toldRecord
	for _, line := range lines {
		if rec := new(Record); json.Unmarshal(line.Record, rec) == nil {
			all = append(all, toldRecord{line.Opened, rec})
		}
	}
	return all
}

// tell appends what is not in the files yet. Which requests are open is known already. It is called with mu held; r may be
// nil.
func (l *Ledger) tell(told []toldRecord, r *recoverer) {
	for _, t := range told {
		switch id := t.rec.ID; {
		case r != nil && (r.closed[id] || t.opened && r.open[id] != nil):
		case t.opened:
			l.append(opened, t.rec)
			l.batch.opened = append(l.batch.opened, id)
		default:
			l.append(closed, t.rec)
			if t.rec.counts() {
				add(l.batch.sums, t.rec, l.days.of(t.rec.End(), l.opt.Zone), &l.names)
			}
			if r != nil {
				delete(r.open, id)
			}
		}
	}
}

// run begins to write.
func (l *Ledger) run(ctx context.Context) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop, l.done = stop, new(sync.WaitGroup) // what ran before may still wait for the disk
	l.done.Go(func() { l.committer(running) })
	l.done.Go(func() { l.adder(running) })
}
