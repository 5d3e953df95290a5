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

// Successor writes the ledger in the place of one that was handed over. It gets records as they are written, in JSON, which are
// its own to keep; it must not block. Each is the successor of one handing over: they are told apart by ==.
type Successor interface {
	Opened(record []byte)
	Closed(record []byte)
	// Return gives back, in order, everything that may not be durable with the successor, which has ended. Nothing that it is
	// told later is kept.
	Return() []Line
}

// Line is what a successor was told.
type Line struct {
	Opened bool
	Record []byte
}

// Delegate makes everything durable, leaves the files to another process, and has it told of everything from then on. It
// gives the ids of the requests that are open. Whether it fails or not, TakeBack undoes it.
func (l *Ledger) Delegate(ctx context.Context, to Successor) (open []string, err error) {
	l.mu.Lock()
	l.writing = bySuccessor{to}
	open = slices.Collect(maps.Keys(l.held))
	l.mu.Unlock()
	l.stop()
	done := l.done
	err = patience.Within(delegatePatience, func() error { done.Wait(); return l.yield(to) })
	if err != nil {
		return nil, err
	}
	_ = patience.Within(2*lastShare, func() error { // what the store does not take, the successor counts from the files
		ctx, stop := context.WithTimeout(ctx, lastShare)
		defer stop()
		return l.addUp(ctx)
	})
	return open, nil
}

// delegatePatience is how long the disk may take for what is handed over. It has taken what was written a moment ago.
const delegatePatience = 5 * time.Second

// errTakenBack means that the disk has taken what was to be handed over too late.
var errTakenBack = errors.New("the ledger is not handed over any more")

// yield leaves the files, whole, to a successor, if it is still the one that they are handed over to.
func (l *Ledger) yield(to Successor) error {
	l.work.Lock()
	defer l.work.Unlock()
	if !l.delegatedTo(to) {
		return errTakenBack
	}
	if err := l.commit(); err != nil {
		return err
	}
	if !l.giveFiles(to) {
		return errTakenBack
	}
	l.away, l.room = true, room{} // what is reserved is the successor's
	err := l.file.Close()
	l.file = nil
	return err
}

func (l *Ledger) delegatedTo(to Successor) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writing == (bySuccessor{to})
}

// giveFiles makes the files a successor's, unless the ledger was taken back meanwhile.
func (l *Ledger) giveFiles(to Successor) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writing != (bySuccessor{to}) {
		return false
	}
	l.yielded = true
	return true
}

// takenBack is what is to be done when the files of a ledger that was delegated can be read again.
type takenBack struct {
	told []toldRecord
	mine map[string]bool // requests that have not ended with the successor
	gone <-chan struct{} // closed when the successor writes nothing more
}

// TakeBack writes again in the place of a successor that has ended. Nothing is lost when the files cannot be read or written just
// now, nor while gone is not closed: a successor that was killed while the disk hangs still ends the write that it had begun. That is tried
// again, and what is to be written waits in its order. The error says why it waits. It does nothing when the ledger is not delegated.
func (l *Ledger) TakeBack(ctx context.Context, gone <-chan struct{}) error {
	if !l.resumeFrom(gone) {
		return nil
	}
	l.run(ctx)
	return l.CommitWithin(takeBackPatience)
}

// takeBackPatience is how long the disk may take for that.
const takeBackPatience = 2 * time.Second

// errSuccessorStays means that the successor may still write.
var errSuccessorStays = errors.New("the new process was killed and has not ended: it waits for the disk of the data directory, which hangs")

// resumeFrom has everything told to this ledger again, and reports whether it was told to somebody else.
func (l *Ledger) resumeFrom(gone <-chan struct{}) bool {
	if resumed, was := l.resumeOwn(); resumed || !was {
		return was
	}
	l.work.Lock()
	defer l.work.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	told := l.writeHere()
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

// resumeOwn does that where the successor never got the files: they are as they were, and so is what waits. The disk may hang. was tells
// whether the ledger was delegated.
func (l *Ledger) resumeOwn() (resumed, was bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if was = l.writing != l.home; !was || l.yielded {
		return false, was
	}
	l.tell(l.writeHere(), nil)
	return true, true
}

// writeHere has this ledger write again, and gives what the successor was told and may not have made durable. It is called with mu held.
func (l *Ledger) writeHere() []toldRecord {
	told := records(l.writing.take())
	l.writing, l.yielded = l.home, false
	return told
}

// takeBack finds out what the successor has written, and puts what it has not before what waits. It is called with work held.
func (l *Ledger) takeBack() error {
	select {
	case <-l.back.gone:
	default:
		return errSuccessorStays
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
			l.home.opened(t.rec)
		default:
			l.appendClosed(t.rec)
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
