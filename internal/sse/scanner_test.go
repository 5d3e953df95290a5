package sse_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"crs/internal/sse"
)

// read feeds the parts in turn and writes down what is reported, one line per event.
func read(max int, parts ...string) (events []string, rest sse.Rest) {
	s := sse.Scanner{Max: max, On: func(e sse.Event) { events = append(events, show(e)) }}
	for _, part := range parts {
		fragment := []byte(part)
		s.Feed(fragment)
		for i := range fragment { // the caller reads the next bytes into the same buffer
			fragment[i] = '#'
		}
	}
	return events, s.Close()
}

func show(e sse.Event) string {
	out := fmt.Sprintf("%s|%s", e.Name, e.Data)
	if e.Truncated {
		out += "|truncated"
	}
	return out
}

func TestEventsAreReadAsTheStandardSays(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stream string
		want   []string
	}{
		"named":                       {"event: ping\ndata: {}\n\n", []string{"ping|{}"}},
		"unnamed":                     {"data: a\n\ndata: b\n\n", []string{"|a", "|b"}},
		"the name does not stay":      {"event: x\ndata: a\n\ndata: b\n\n", []string{"x|a", "|b"}},
		"the last name counts":        {"event: x\nevent: y\ndata: a\n\n", []string{"y|a"}},
		"the name may come last":      {"data: a\nevent: x\n\n", []string{"x|a"}},
		"CRLF":                        {"event: x\r\ndata: a\r\n\r\n", []string{"x|a"}},
		"lone CR":                     {"event: x\rdata: a\r\rdata: b\r\r", []string{"x|a", "|b"}},
		"mixed line ends":             {"event: x\rdata: a\ndata: b\r\n\r\ndata: c\n\r", []string{"x|a\nb", "|c"}},
		"no space":                    {"event:x\ndata:a\n\n", []string{"x|a"}},
		"only one space is dropped":   {"event:  x\ndata:  a \n\n", []string{" x| a "}},
		"a colon in the value":        {"data: a: b\n\n", []string{"|a: b"}},
		"several data lines":          {"data: a\ndata:\ndata: b\ndata: \n\n", []string{"|a\n\nb\n"}},
		"a field without a colon":     {"data\ndata\n\n", []string{"|\n"}},
		"empty data is an event":      {"data:\n\n", []string{"|"}},
		"no data is none":             {"event: x\n\nid: 1\n\n: c\n\ndata: a\n\n", []string{"|a"}},
		"comments":                    {": hi\ndata: a\n:\n: data: no\n\n", []string{"|a"}},
		"other fields":                {"id: 7\nretry: 10\nfoo: bar\ndatax: no\n data: no\ndata: a\n\n", []string{"|a"}},
		"blank lines between":         {"\n\n\ndata: a\n\n\n\n", []string{"|a"}},
		"a byte order mark":           {"\ufeffdata: a\n\n", []string{"|a"}},
		"a byte order mark, then LF":  {"\ufeff\ndata: a\n\n", []string{"|a"}},
		"only one mark, at the start": {"\ufeff\ufeffdata: no\ndata: a\n\n\ufeffdata: no\n\n", []string{"|a"}},
		"bytes are left alone":        {"data: \x00\xff\xe6\n\n", []string{"|\x00\xff\xe6"}},
		"an event without its end":    {"data: a\n\ndata: b\n", []string{"|a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := strings.Join(tt.want, "\x1e")
			whole, _ := read(0, tt.stream)
			if got := strings.Join(whole, "\x1e"); got != want {
				t.Errorf("whole: %q, want %q", got, want)
			}
			for i := range len(tt.stream) + 1 {
				halves, _ := read(0, tt.stream[:i], tt.stream[i:])
				if got := strings.Join(halves, "\x1e"); got != want {
					t.Errorf("split at %d: %q, want %q", i, got, want)
				}
			}
			var bytewise []string
			for i := range len(tt.stream) {
				bytewise = append(bytewise, tt.stream[i:i+1])
			}
			events, _ := read(0, bytewise...)
			if got := strings.Join(events, "\x1e"); got != want {
				t.Errorf("byte by byte: %q, want %q", got, want)
			}
		})
	}
}

func TestAnyTwoSplitsGiveTheSameEvents(t *testing.T) {
	t.Parallel()
	const stream = "event: name\ndata: first\ndata: second\r\n\r\nevent: other\rdata: x\r\r"
	for i := range len(stream) + 1 {
		for j := i; j <= len(stream); j++ {
			events, _ := read(0, stream[:i], stream[i:j], stream[j:])
			if got := strings.Join(events, ","); got != "name|first\nsecond,other|x" {
				t.Errorf("split at %d and %d: %q", i, j, got)
			}
		}
	}
}

func TestAnUnfinishedEventIsReturnedAndNotReported(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stream, event string
		cut           bool
	}{
		"nothing":               {"data: a\n\n", "|", false},
		"complete lines":        {"data: a\n\nevent: x\ndata: b\n", "x|b", false},
		"in a data line":        {"event: x\ndata: a\ndata: {\"us", "x|a\n{\"us", true},
		"in a name":             {"event: mess", "mess|", true},
		"before a colon":        {"data: a\ndat", "|a", true},
		"after CR":              {"data: a\r", "|a", false},
		"in a line too long":    {"data: a\ndata: 0123456789abcdef", "|a|truncated", true},
		"after a line too long": {"data: 0123456789abcdef\n", "||truncated", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range len(tt.stream) + 1 {
				events, rest := read(16, tt.stream[:i], tt.stream[i:])
				if got := show(rest.Event); got != tt.event || rest.Cut != tt.cut {
					t.Errorf("split at %d: %q, cut %v; want %q, %v", i, got, rest.Cut, tt.event, tt.cut)
				}
				if want := strings.Count(tt.stream, "\n\n"); len(events) != want {
					t.Errorf("split at %d: %d events reported, want %d", i, len(events), want)
				}
			}
		})
	}
}

func TestAClosedScannerReadsAnotherStream(t *testing.T) {
	t.Parallel()
	var got []string
	s := sse.Scanner{On: func(e sse.Event) { got = append(got, show(e)) }}
	s.Feed([]byte("\ufeffdata: a\n\nevent: lost\ndata: b\r"))
	s.Close()
	s.Feed([]byte("\n\ufeffdata: no\n\n"))
	s.Close()
	s.Feed([]byte("\ufeffdata: c\n\n"))
	if want := []string{"|a", "|c"}; strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("events %q, want %q", got, want)
	}
}

func TestTheBoundaryBetweenEventsIsKnown(t *testing.T) {
	t.Parallel()
	s := sse.Scanner{Max: 16, On: func(sse.Event) {}}
	steps := []struct {
		fragment string
		boundary bool
	}{
		{"", true}, {": comment\n", true}, {"ev", false}, {"ent: x\n", false}, {"data: a", false}, {"\n", false}, {"\r", true},
		{"\n", true}, {"data:\n\n", true}, {"data: 0123456789abcdef", false}, {"more", false}, {"\n", false}, {"\n", true},
		{"event:\n", false}, {"\n", true},
	}
	for i, step := range steps {
		s.Feed([]byte(step.fragment))
		if got := s.AtBoundary(); got != step.boundary {
			t.Errorf("step %d, after %q: AtBoundary = %v", i, step.fragment, got)
		}
	}
}

func TestALineBeyondTheCapIsSkippedAndTheEventSaysSo(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 20)
	tests := map[string]struct{ stream, want string }{
		"at the cap":           {"data:" + long[:11] + "\n\ndata: b\n\n", "|" + long[:11] + ",|b"},
		"one above":            {"data:" + long[:12] + "\n\ndata: b\n\n", "||truncated,|b"},
		"the other lines stay": {"event: n\ndata: a\ndata: " + long + "\ndata: b\n\ndata: c\n\n", "n|a\nb|truncated,|c"},
		"data in all":          {"data: 012345678\ndata: 012345\ndata: 012345\ndata: z\n\n", "|012345678\n012345|truncated"},
		"with CR":              {"data: " + long + "\r\n\r\ndata: b\r\r", "||truncated,|b"},
		"data up to the cap":   {"data: 012345678\ndata: 012345\n\ndata: 0123456789\ndata: 012345\n\n", "|012345678\n012345,|0123456789|truncated"},
		"a mark after it":      {long + "\n\ufeffdata: no\ndata: b\n\n", "|b|truncated"},
		"the first line":       {long + "\ufeff\ndata: b\n\n", "|b|truncated"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range len(tt.stream) + 1 {
				events, _ := read(16, tt.stream[:i], tt.stream[i:])
				if got := strings.Join(events, ","); got != tt.want {
					t.Errorf("split at %d: %q, want %q", i, got, tt.want)
				}
			}
		})
	}
}

func TestLinesOfMegabytesAreReadByDefault(t *testing.T) {
	t.Parallel()
	line := "data: " + strings.Repeat("0123456789abcdef", 4<<20/16)
	var parts []string
	for rest := line + "\n\ndata: b\n\n"; rest != ""; {
		n := min(len(rest), 8<<10)
		parts = append(parts, rest[:n])
		rest = rest[n:]
	}
	events, _ := read(0, parts...)
	if len(events) != 2 || events[0] != "|"+line[len("data: "):] || events[1] != "|b" {
		t.Errorf("%d events", len(events))
	}
}

func TestAnEventInsideOneFragmentIsNotCopied(t *testing.T) {
	t.Parallel()
	fragment := []byte("event: x\ndata: {\"a\":1}\n\n")
	var name, data []byte
	s := sse.Scanner{On: func(e sse.Event) { name, data = e.Name, e.Data }}
	s.Feed(fragment)
	if &name[0] != &fragment[bytes.IndexByte(fragment, 'x')] || &data[0] != &fragment[bytes.IndexByte(fragment, '{')] {
		t.Error("the event does not lie in the fragment")
	}
}

// Not parallel: it counts allocations.
func TestOrdinaryEventsDoNotAllocate(t *testing.T) {
	events := 0
	s := sse.Scanner{On: func(sse.Event) { events++ }}
	whole := []byte("event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\ndata: second\n\n")
	halves := [][]byte{whole[:40], whole[40:]}
	feed := func() {
		s.Feed(whole)
		s.Feed(halves[0])
		s.Feed(halves[1])
	}
	feed() // buffers grow once
	if n := testing.AllocsPerRun(100, feed); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if events != 2*102 {
		t.Errorf("%d events", events)
	}
}
