package id_test

import (
	"strings"
	"testing"
	"time"

	"crs/internal/id"
)

func TestIDsSortByTimeAndTellIt(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 10, 0, 0, 5e6, time.UTC)
	first, second := id.New("req", at), id.New("req", at.Add(time.Millisecond))
	if first >= second || !strings.HasPrefix(first, "req_") || first != strings.ToLower(first) {
		t.Errorf("%s, %s", first, second)
	}
	if got, ok := id.Time(first); !ok || !got.Equal(at) {
		t.Errorf("time %v, %v", got, ok)
	}
	for _, text := range []string{"", "req", "req_", "req_short", "req_" + strings.Repeat("!", id.Len)} {
		if _, ok := id.Time(text); ok {
			t.Errorf("%q was taken for an id", text)
		}
	}
}

func TestIDsOfOneMomentDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		seen[id.New("req", time.Unix(1, 0))] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d different ids of 1000", len(seen))
	}
}

func BenchmarkNew(b *testing.B) {
	now := time.Now()
	for b.Loop() {
		id.New("req", now)
	}
}
