package usage

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Heir writes the ledger in the place of one that was handed over. It gets records as they are written, in JSON, which are
// its own to keep; it must not block.
type Heir interface {
	Opened(record []byte)
	Closed(record []byte)
}

// Entrust makes everything durable, leaves the files to another process, and has it told of everything from then on. It
// gives the ids of the requests that are open.
func (l *Ledger) Entrust(ctx context.Context, to Heir) (open []string, err error) {
	l.mu.Lock()
	l.heir = to
	open = slices.Collect(maps.Keys(l.held))
	l.mu.Unlock()
	l.stop()
	l.done.Wait()
	if err := l.Flush(ctx); err != nil {
		return nil, err
	}
	return open, l.file.Close()
}

// Line is what an heir was told.
type Line struct {
	Opened bool
	Record []byte
}

// Reclaim takes the files back from an heir that has ended, and writes down what it was told and did not get to.
func (l *Ledger) Reclaim(ctx context.Context, missed []Line) (Recovery, error) {
	_ = l.file.Close() // it is open still if the heir never came to take it
	l.mu.Lock()
	l.opt.Open = slices.Collect(maps.Keys(l.held))
	l.mu.Unlock()
	l.file = nil
	told, err := records(missed)
	if err != nil {
		return Recovery{}, err
	}
	for _, t := range told {
		l.opt.Open = append(l.opt.Open, t.rec.ID)
	}
	l.mu.Lock()
	l.batch, l.heir = newBatch(), nil
	l.mu.Unlock()
	l.sums, l.pending, l.shared = map[sumKey]*Sum{}, nil, nil // the files and the store know better
	found, err := l.start(ctx)
	if err != nil {
		return found, fmt.Errorf("take the ledger back: %w", err)
	}
	l.tell(told, found.Open)
	return found, nil
}

type toldRecord struct {
	opened bool
	rec    *Record
}

func records(lines []Line) ([]toldRecord, error) {
	var all []toldRecord
	for _, line := range lines {
		rec := new(Record)
		if err := json.Unmarshal(line.Record, rec); err != nil {
			return nil, fmt.Errorf("read a record of the ledger: %w", err)
		}
		all = append(all, toldRecord{line.Opened, rec})
	}
	return all, nil
}

// tell writes what is not in the files yet.
func (l *Ledger) tell(told []toldRecord, open []*Record) {
	known := map[string]bool{}
	for _, rec := range open {
		known[rec.ID] = true
	}
	for _, t := range told {
		switch {
		case t.opened && !known[t.rec.ID]:
			known[t.rec.ID] = true
			_ = l.Open(t.rec) // the buffer was emptied a moment ago
		case !t.opened:
			l.Close(t.rec)
		}
	}
}
