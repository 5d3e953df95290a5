package usage_test

import (
	"encoding/json"
	"sync"
	"testing"

	"crs/internal/usage"
)

// successor keeps what it is told.
type successor struct {
	mu    sync.Mutex
	lines []usage.Line
}

func (h *successor) Opened(record []byte) { h.add(true, record) }
func (h *successor) Closed(record []byte) { h.add(false, record) }

func (h *successor) Return() []usage.Line {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lines
}

func (h *successor) add(opened bool, record []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, usage.Line{Opened: opened, Record: record})
}

// TestALedgerIsHandedOverAndTakenBack: the one who takes it over leaves open what is in flight elsewhere; what it was told
// and did not write is written when it is taken back, once.
func TestALedgerIsHandedOverAndTakenBack(t *testing.T) {
	t.Parallel()
	p, h := newPlace(t), new(successor)
	l, _ := p.open(t)
	running := record(1)
	if err := l.Open(running); err != nil {
		t.Fatal(err)
	}
	serve(t, l, record(2))
	open, err := l.Delegate(t.Context(), h)
	if err != nil || len(open) != 1 || open[0] != running.ID {
		t.Fatalf("open: %v, %v", open, err)
	}
	late := record(3)
	if err := l.Open(late); err != nil {
		t.Fatal(err)
	}
	l.Close(late)
	l.Close(running)
	if len(h.lines) != 3 {
		t.Fatalf("told %d", len(h.lines))
	}

	other, found := p.open(t, func(o *usage.LedgerOptions) { o.Open = open })
	if len(found.Open) != 1 || found.Open[0].ID != running.ID || found.Interrupted != 0 {
		t.Errorf("found %+v", found)
	}
	serve(t, other, record(4))
	shut(t, other)

	if err := l.TakeBack(t.Context(), ended()); err != nil {
		t.Fatal(err)
	}
	serve(t, l, record(5))
	shut(t, l)
	seen := map[string]int{}
	again, found := p.open(t)
	defer shut(t, again)
	if found.Interrupted != 0 || found.Damaged != 0 {
		t.Errorf("afterwards %+v", found)
	}
	all, err := again.Search(t.Context(), usage.Filter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range all {
		seen[rec.ID]++
	}
	if len(all) != 5 || len(seen) != 5 || seen[running.ID] != 1 || seen[late.ID] != 1 {
		t.Errorf("%d records, %d requests", len(all), len(seen))
	}
}

// TestWhatEndsWithItsProcessIsPartial: a successor closes what the old process cannot close any more.
func TestWhatEndsWithItsProcessIsPartial(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	l, _ := p.open(t)
	running := record(1)
	if err := l.Open(running); err != nil {
		t.Fatal(err)
	}
	open, err := l.Delegate(t.Context(), new(successor))
	if err != nil {
		t.Fatal(err)
	}
	other, found := p.open(t, func(o *usage.LedgerOptions) { o.Open = open })
	other.Interrupt(found.Open[0])
	defer shut(t, other)
	if n, failed := other.Health(); n != 0 || failed != nil {
		t.Errorf("%d open, %v", n, failed)
	}
	if err := other.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := other.Search(t.Context(), usage.Filter{Limit: 10})
	if err != nil || len(all) != 1 || all[0].Source != usage.Partial {
		t.Errorf("%+v, %v", all, err)
	}
}

func decoded(t *testing.T, line usage.Line) *usage.Record {
	t.Helper()
	rec := new(usage.Record)
	if err := json.Unmarshal(line.Record, rec); err != nil {
		t.Fatal(err)
	}
	return rec
}

// ended is a successor that writes nothing more.
func ended() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
