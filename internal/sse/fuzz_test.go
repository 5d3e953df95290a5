package sse_test

import (
	"slices"
	"strings"
	"testing"

	"crs/internal/sse"
)

// However a stream is split, the same events are reported, and they are those of a slow reader written from the standard.
func FuzzFeed(f *testing.F) {
	for _, seed := range []string{
		"event: ping\ndata: {}\n\n", "data: a\r\ndata: b\r\n\r\n", "data:a\rdata\r\r", "\ufeff: c\n\ndata: x", "id\n\revent\ndata\n\n",
		"data: 0123456789012345678901234567890123456789\ndata: b\n\n", "\r\n\r\n\r\r\n\n",
	} {
		f.Add(seed, uint8(3), uint8(7), uint8(0))
	}
	f.Fuzz(func(t *testing.T, stream string, first, step, limit uint8) {
		max := int(limit)
		whole, wholeRest := read(max, stream)
		if max == 0 {
			if want := reference(stream); !slices.Equal(whole, want) {
				t.Fatalf("whole: %q, by the standard: %q", whole, want)
			}
		}
		parts := []string{stream[:min(int(first), len(stream))]}
		for rest := stream[len(parts[0]):]; rest != ""; {
			n := min(1+int(step), len(rest))
			parts = append(parts, rest[:n])
			rest = rest[n:]
		}
		split, splitRest := read(max, parts...)
		if !slices.Equal(split, whole) {
			t.Errorf("split: %q, whole: %q", split, whole)
		}
		if show(splitRest.Event) != show(wholeRest.Event) || splitRest.Cut != wholeRest.Cut {
			t.Errorf("rest of split: %q, of whole: %q", show(splitRest.Event), show(wholeRest.Event))
		}
		for _, event := range whole {
			if max > 0 && len(event) > 2*max+len("||truncated") {
				t.Errorf("an event of %d bytes with a cap of %d", len(event), max)
			}
		}
	})
}

func reference(stream string) (events []string) {
	stream = strings.TrimPrefix(stream, "\ufeff")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(stream, "\n")
	name, data := "", ""
	for _, line := range lines[:len(lines)-1] {
		if line == "" {
			if data != "" {
				events = append(events, name+"|"+strings.TrimSuffix(data, "\n"))
			}
			name, data = "", ""
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			name = value
		case "data":
			data += value + "\n"
		}
	}
	return events
}

// What AppendEvent writes, a Scanner reads: with LF for every line break in the data, and a space for one in the name.
func FuzzAppendEvent(f *testing.F) {
	f.Add("error", "{\"a\":1}")
	f.Add("", "a\r\nb\rc\n\n")
	f.Add(" x\n", "")
	f.Fuzz(func(t *testing.T, name, data string) {
		events, rest := read(0, string(sse.AppendEvent(nil, name, []byte(data))))
		name = strings.NewReplacer("\n", " ", "\r", " ").Replace(name)
		data = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(data)
		if len(events) != 1 || events[0] != name+"|"+data || rest.Cut || len(rest.Data) > 0 {
			t.Errorf("read back %q, want %q", events, name+"|"+data)
		}
	})
}
