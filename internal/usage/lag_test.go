package usage_test

import (
	"errors"
	"testing"
	"time"

	"crs/internal/usage"
)

func TestALedgerTellsHowFarItIsBehind(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	s := &failing{Rollups: p.store}
	l, _ := p.open(t, func(o *usage.LedgerOptions) { o.Rollups, o.Commit = s, time.Hour }) // nothing is written before Flush
	defer shut(t, l)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := l.Lag(); got != (usage.Lag{}) {
		t.Errorf("with nothing to do: %+v", got)
	}

	waiting := record(1)
	if err := l.Open(waiting); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	time.Sleep(20 * time.Millisecond)
	if got := l.Lag(); got.Open != 1 || got.Unwritten == 0 || got.Disk < 20*time.Millisecond || got.Rollups < got.Disk || got.DiskFails {
		t.Errorf("with an entry that is not written: %+v", got)
	}

	s.fail(errors.New("away"))
	for range 2 { // what comes later is not older
		serve(t, l, record(2))
		if err := l.Flush(t.Context()); err == nil {
			t.Fatal("the store took it")
		}
		least := time.Since(began)
		if got := l.Lag(); got.Unwritten != 0 || got.Disk != 0 || !got.RollupsFail || got.Rollups < least {
			t.Errorf("with a store that is away: %+v", got)
		}
	}

	s.fail(nil)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := l.Lag(); got != (usage.Lag{Open: 1}) {
		t.Errorf("when the store is back: %+v", got)
	}
	l.Close(waiting)
}
