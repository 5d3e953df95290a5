package unpriced_test

import (
	"testing"
	"time"

	"crs/daemon/unpriced"
	"crs/internal/usage"
)

// TestEveryModelWithoutAPriceIsCounted, and what a key was charged for several of them together only once.
func TestEveryModelWithoutAPriceIsCounted(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	tally := unpriced.New(func() time.Time { return now }, func(model string) bool { return model == "known" })
	r := &usage.Record{At: now, Key: "k", Model: "known", Unpriced: true, Charged: 7, Items: []usage.Item{
		{Kind: usage.Input, Amount: 1}, {Kind: usage.Input, Amount: 2, Model: "b"}, {Kind: usage.Input, Amount: 4, Model: "a"}, {Kind: usage.Output, Amount: 8, Model: "b"},
	}}
	tally.Note(r)
	tally.Note(r)
	want := []unpriced.Use{
		{Key: "k", Model: "a", Requests: 2, Tokens: 8, Since: now, Last: now}, {Key: "k", Model: "b", Requests: 2, Tokens: 20, Charged: 14, Since: now, Last: now},
	}
	got := tally.Of("k")
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%+v", got)
	}
	now = now.Add(unpriced.Within + time.Second)
	if got := tally.Of(""); len(got) != 0 {
		t.Errorf("a day later: %+v", got)
	}
}
