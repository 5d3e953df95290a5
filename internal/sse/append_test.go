package sse_test

import (
	"testing"

	"crs/internal/sse"
)

func TestAppendedEventsAreWellFormed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ name, data, want string }{
		"named":              {"error", `{"type":"error"}`, "event: error\ndata: {\"type\":\"error\"}\n\n"},
		"unnamed":            {"", "[DONE]", "data: [DONE]\n\n"},
		"no data":            {"ping", "", "event: ping\ndata: \n\n"},
		"LF":                 {"", "a\nb\n", "data: a\ndata: b\ndata: \n\n"},
		"CR and CRLF":        {"", "a\rb\r\nc\n\rd", "data: a\ndata: b\ndata: c\ndata: \ndata: d\n\n"},
		"CR at the end":      {"", "a\r", "data: a\ndata: \n\n"},
		"line ends in names": {"a\r\nb", "x", "event: a  b\ndata: x\n\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := string(sse.AppendEvent([]byte("…"), tt.name, []byte(tt.data))); got != "…"+tt.want {
				t.Errorf("%q, want %q", got, "…"+tt.want)
			}
		})
	}
}
