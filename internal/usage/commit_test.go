package usage_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/usage"
)

// The time until a line is durable counts from when it was told, and a disk needs some of it.
func TestTheDiskHasHalfOfTheTimeUntilALineIsDurable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		const commit = 100 * time.Millisecond
		l, _, err := usage.OpenLedger(t.Context(), usage.LedgerOptions{
			Dir: dir, Node: "n", Rollups: new(counting), Zone: time.UTC, Now: time.Now, Commit: commit, AddUp: time.Hour,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Shutdown(context.Background()) }()
		for i := range 10 {
			if err := l.Open(record(i)); err != nil {
				t.Fatal(err)
			}
			if lines, durable := l.Progress(); durable == lines {
				t.Errorf("line %d did not wait for others", lines)
			}
			time.Sleep(commit/2 + time.Millisecond)
			if lines, durable := l.Progress(); durable != lines {
				t.Errorf("%d lines of %d are durable after half of the time", durable, lines)
			}
			time.Sleep(time.Duration(i) * commit / 7)
		}
	})
}
