package sse

import (
	"bytes"
	"testing"

	"crs/internal/piecewise"
)

func TestAStreamWithoutLineEndsTakesNoMoreThanTheCap(t *testing.T) {
	t.Parallel()
	const limit = 4 << 10
	s := Scanner{Max: limit, On: func(Event) {}}
	for _, begin := range []string{"data: ", "event: ", ": "} {
		s.Feed([]byte(begin))
		for range 10_000 {
			s.Feed(bytes.Repeat([]byte("x"), 1000))
		}
	}
	s.Feed([]byte("\n"))
	for range 10_000 {
		s.Feed([]byte("data: some more of the same event\nevent: name\n"))
	}
	// append grows a slice to at most twice what it holds.
	for name, buffer := range map[string][]byte{"line": s.line, "name": s.name.own, "data": s.data.own} {
		if cap(buffer) > 2*limit {
			t.Errorf("the %s buffer has grown to %d", name, cap(buffer))
		}
	}
}

func TestAnUnusuallyLargeEventLeavesNoLargeBuffer(t *testing.T) {
	t.Parallel()
	seen := 0
	s := Scanner{On: func(e Event) { seen = len(e.Data) }}
	s.Feed([]byte("data: "))
	s.Feed(bytes.Repeat([]byte("x"), 1<<20))
	s.Feed([]byte("\ndata: y\n\n"))
	if seen != 1<<20+2 {
		t.Fatalf("data of %d bytes", seen)
	}
	if cap(s.line) > piecewise.Size || cap(s.data.own) > piecewise.Size {
		t.Errorf("buffers of %d and %d bytes stay", cap(s.line), cap(s.data.own))
	}
}

// TestForgettingAnEventSkipsIt: what comes behind it is read as ever.
func TestForgettingAnEventSkipsIt(t *testing.T) {
	t.Parallel()
	for _, begin := range []string{"data: a", "data: a\ndata: b", "data: a\n", "event: x\ndata: a\n"} {
		var got []string
		s := Scanner{On: func(e Event) {
			if e.Truncated {
				got = append(got, "left out")
				return
			}
			got = append(got, string(e.Data))
		}}
		s.Feed([]byte(begin))
		s.Forget()
		if s.Holds() > 64 {
			t.Errorf("%q: it holds %d bytes", begin, s.Holds())
		}
		s.Feed([]byte("more\n\ndata: next\n\n"))
		if len(got) != 2 || got[0] != "left out" || got[1] != "next" {
			t.Errorf("%q: %q", begin, got)
		}
	}
}
