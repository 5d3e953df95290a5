package usage_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"crs/internal/usage"
)

// counting is roll-ups that only count requests.
type counting struct {
	usage.Rollups
	requests int64
}

func (c *counting) AddUp(_ context.Context, _ string, sums []usage.Sum, _, _ usage.Cursor) error {
	for _, s := range sums {
		c.requests += s.Requests
	}
	return nil
}

func (*counting) MarkOf(context.Context, string) (usage.Cursor, error) { return usage.Cursor{}, nil }

// FuzzALedgerOfAnyBytesOpensAndGoesOn: whatever a disk made of the file, the daemon starts, and what is written from then
// on counts.
func FuzzALedgerOfAnyBytesOpensAndGoesOn(f *testing.F) {
	f.Add([]byte("5a2cd8f3 h {\"segment\":1}\n0badc0de c {\"id\":\"req_1\"}\n0badc0de o {"))
	f.Add([]byte("\x00\x00\x00\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "00000001.log"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		sums := new(counting)
		l, _, err := usage.OpenLedger(t.Context(), usage.LedgerOptions{
			Dir: dir, Node: "n", Rollups: sums, Zone: time.UTC, Now: time.Now, Commit: time.Millisecond, AddUp: time.Hour,
		})
		if err != nil {
			t.Fatal(err)
		}
		before := sums.requests
		l.Close(record(1))
		if err := l.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		if sums.requests != before+1 {
			t.Errorf("%d requests counted, then %d", before, sums.requests)
		}
	})
}
