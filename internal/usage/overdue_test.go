package usage

import (
	"context"
	"testing"
	"time"
)

// TestADiskThatGivesNoAnswerIsTold: writing does not fail while it hangs.
func TestADiskThatGivesNoAnswerIsTold(t *testing.T) {
	t.Parallel()
	l, _, err := OpenLedger(t.Context(), LedgerOptions{
		Dir: t.TempDir(), Node: "n", Rollups: nowhere{}, Zone: time.UTC, Now: time.Now, Commit: time.Millisecond, AddUp: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	l.work.Lock() // as long as the disk has it
	if err := l.Open(&Record{ID: "req_1"}); err != nil {
		t.Fatal(err)
	}
	if l.Lag().DiskFails {
		t.Error("it is told at once")
	}
	l.mu.Lock()
	l.batch.since = l.batch.since.Add(-overdue - time.Second)
	l.mu.Unlock()
	if !l.Lag().DiskFails {
		t.Error("it is not told")
	}
	l.work.Unlock()
	l.Close(&Record{ID: "req_1", Source: Partial})
	if err := l.Commit(); err != nil || l.Lag().DiskFails {
		t.Errorf("it is told when all is well: %v", err)
	}
	if err := l.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

// nowhere takes every sum.
type nowhere struct{ Rollups }

func (nowhere) AddUp(context.Context, string, []Sum, Cursor, Cursor) error { return nil }
func (nowhere) MarkOf(context.Context, string) (Cursor, error)             { return Cursor{}, nil }
