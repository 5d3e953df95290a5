package anthropic_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"crs/internal/usage"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

const recorded = `event: message_start
data: {"type":"message_start","message":{"id":"msg_x","type":"message","role":"assistant","model":"claude-opus-4-8","content":[],"stop_reason":null,"usage":{"input_tokens":3,"cache_creation_input_tokens":1278,"cache_read_input_tokens":20000,"cache_creation":{"ephemeral_5m_input_tokens":1200,"ephemeral_1h_input_tokens":78},"output_tokens":1,"service_tier":"standard"}}}

event: ping
data: {"type":"ping"}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Grüße: \"usage\":{\"output_tokens\":999}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":3,"cache_creation_input_tokens":1278,"cache_read_input_tokens":20000,"output_tokens":57,"server_tool_use":{"web_search_requests":2}}}

event: message_stop
data: {"type":"message_stop"}

`

var counted = usage.Tokens{Input: 3, Output: 57, CacheRead: 20000, CacheWrite: 1200, CacheWrite1h: 78}

func meter(contentType string) provider.Meter {
	return anthropic.NewMeter(provider.Header{{Name: "Content-Type", Value: contentType}})
}

func stream() provider.Meter { return meter("text/event-stream; charset=utf-8") }

// TestAStreamIsCountedHoweverItIsCut feeds the recording cut in two at every byte, and byte by byte, with every line end.
func TestAStreamIsCountedHoweverItIsCut(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"LF": recorded, "CRLF": strings.ReplaceAll(recorded, "\n", "\r\n"), "CR": strings.ReplaceAll(recorded, "\n", "\r"),
		"no space":               strings.ReplaceAll(recorded, "data: ", "data:"),
		"no event lines":         strings.ReplaceAll(strings.ReplaceAll(recorded, "event: ", ": "), "\ndata", "\ndata"),
		"no last blank line":     strings.TrimSuffix(recorded, "\n"),
		"an older message_delta": strings.Replace(recorded, `"usage":{"input_tokens":3,"cache_creation_input_tokens":1278,"cache_read_input_tokens":20000,"output_tokens":57,`, `"usage":{"output_tokens":57,`, 1),
	} {
		for cut := range len(text) {
			m := stream()
			m.Feed([]byte(text[:cut]))
			m.Feed([]byte(text[cut:]))
			check(t, fmt.Sprintf("%s, cut at %d", name, cut), m)
		}
		m := stream()
		for i := range len(text) {
			m.Feed([]byte(text[i : i+1]))
		}
		check(t, name+", byte by byte", m)
	}
}

func check(t *testing.T, name string, m provider.Meter) {
	t.Helper()
	c := m.End()
	if !c.Complete || !c.Seen || c.Tokens != counted || c.Model != "claude-opus-4-8" || c.Also[usage.WebSearch] != 2 || c.Tier != "standard" || m.Failure() != nil || !m.HasContent() {
		t.Fatalf("%s: %+v, failure %q", name, c, m.Failure())
	}
	if !strings.Contains(string(c.Raw), `"output_tokens":57`) || !strings.Contains(string(c.Raw), `"input_tokens":3`) {
		t.Fatalf("%s: raw %s", name, c.Raw)
	}
}

// TestAStreamThatEndsEarlyIsNeverCalledComplete ends the recording at every byte.
func TestAStreamThatEndsEarlyIsNeverCalledComplete(t *testing.T) {
	t.Parallel()
	whole := strings.Index(recorded, `data: {"type":"message_stop"}`) + len(`data: {"type":"message_stop"}`)
	begins := strings.Index(recorded, "event: content_block_start")
	for end := range len(recorded) {
		m := stream()
		m.Feed([]byte(recorded[:end]))
		if m.HasContent() && end < begins {
			t.Fatalf("at %d it has begun already", end)
		}
		c := m.End()
		if c.Complete && end <= whole {
			t.Fatalf("complete at %d of %d: %q", end, whole, recorded[max(0, end-40):end])
		}
		if c.Seen && (c.Tokens.Input != 3 || c.Tokens.CacheRead != 20000) {
			t.Fatalf("at %d: %+v", end, c.Tokens)
		}
	}
}

func TestACutAnswerIsCountedByWhatCame(t *testing.T) {
	t.Parallel()
	m := stream()
	m.Feed([]byte(recorded[:strings.Index(recorded, "event: content_block_start")]))
	for range 50 {
		m.Feed([]byte(`data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + strings.Repeat("word ", 8) + `"}}` + "\n\n"))
	}
	c := m.End()
	if c.Complete || c.Tokens.Output < 400 || c.Tokens.Output > 700 {
		t.Errorf("50 times 40 bytes of text were counted as %d tokens", c.Tokens.Output)
	}
}

func TestAnErrorInAStreamIsTold(t *testing.T) {
	t.Parallel()
	const failure = `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`
	m := stream()
	m.Feed([]byte("event: error\ndata: " + failure + "\n\n"))
	if string(m.Failure()) != failure || m.HasContent() || m.Complete() || !m.AtBoundary() {
		t.Errorf("failure %q, begun %v", m.Failure(), m.HasContent())
	}
	late := stream()
	late.Feed([]byte(recorded[:strings.Index(recorded, "event: message_delta")] + "event: error\ndata: " + failure + "\n\n"))
	if string(late.Failure()) != failure || !late.HasContent() {
		t.Errorf("failure %q, begun %v", late.Failure(), late.HasContent())
	}
}

func TestTheBoundaryBetweenEventsIsKnown(t *testing.T) {
	t.Parallel()
	m := stream()
	for _, step := range []struct {
		feed string
		at   bool
	}{{"", true}, {"event: ping\n", false}, {"data: {}", false}, {"\n", false}, {"\n", true}, {": comment\n", true}, {"d", false}} {
		m.Feed([]byte(step.feed))
		if m.AtBoundary() != step.at {
			t.Errorf("after %q: %v", step.feed, m.AtBoundary())
		}
	}
}

func TestAnAnswerInJSONIsCounted(t *testing.T) {
	t.Parallel()
	const message = `{"id":"msg_x","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"\"usage\":{}"}],"stop_reason":"end_turn",
		"usage":{"input_tokens":3,"cache_creation_input_tokens":1278,"cache_read_input_tokens":20000,"cache_creation":{"ephemeral_5m_input_tokens":1200,"ephemeral_1h_input_tokens":78},"output_tokens":57,"speed":"fast"}}`
	for cut := range len(message) {
		m := meter("application/json")
		m.Feed([]byte(message[:cut]))
		if m.Complete() {
			t.Fatalf("whole at %d", cut)
		}
		m.Feed([]byte(message[cut:]))
		c := m.End()
		if !m.Complete() || !c.Complete || c.Tokens != counted || c.Tier != "fast" || c.Model != "claude-opus-4-8" {
			t.Fatalf("cut at %d: %+v", cut, c)
		}
	}
	for text, want := range map[string]struct {
		whole  bool
		failed bool
	}{
		`{"type":"error","error":{"type":"api_error","message":"x"}}`: {true, true},
		`{"input_tokens":2095}`:       {true, false},
		`{"type":"message","content"`: {false, false},
		`<html>`:                      {false, false},
		``:                            {false, false},
	} {
		m := meter("application/json")
		m.Feed([]byte(text))
		if m.Complete() != want.whole || (m.Failure() != nil) != want.failed || m.End().Seen {
			t.Errorf("%s: whole %v, failure %q", text, m.Complete(), m.Failure())
		}
	}
}

func TestCacheWritesWithoutASplitAreFiveMinutes(t *testing.T) {
	t.Parallel()
	m := meter("application/json")
	m.Feed([]byte(`{"type":"message","usage":{"input_tokens":1,"cache_creation_input_tokens":500,"output_tokens":2}}`))
	if c := m.End(); c.Tokens != (usage.Tokens{Input: 1, Output: 2, CacheWrite: 500}) {
		t.Errorf("%+v", c.Tokens)
	}
}

func TestMetersKeepNothingOfWhatTheyAreFed(t *testing.T) {
	t.Parallel()
	whole, reused := stream(), stream()
	buf := make([]byte, 64)
	whole.Feed([]byte(recorded))
	for text := recorded; text != ""; {
		n := copy(buf, text)
		reused.Feed(buf[:n])
		clear(buf)
		text = text[n:]
	}
	if a, b := whole.End(), reused.End(); !reflect.DeepEqual(a, b) {
		t.Errorf("%+v\n%+v", a, b)
	}
}

// TestARefusalBehindAHandOver is one before anything was said: that another model goes on is no answer.
func TestARefusalBehindAHandOver(t *testing.T) {
	t.Parallel()
	const hop = `data: {"type":"content_block_start","index":0,"content_block":{"type":"fallback"}}` + "\n\n" + `data: {"type":"content_block_stop","index":0}` + "\n\n"
	const said = `data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}` + "\n\n"
	const end = `data: {"type":"message_delta","delta":{"stop_reason":"refusal"},"usage":{"input_tokens":9,"output_tokens":0}}` + "\n\n" + `data: {"type":"message_stop"}` + "\n\n"
	for text, refused := range map[string]bool{hop + end: true, hop + said + end: false, end: true} {
		m := stream()
		m.Feed([]byte(text))
		if c := m.End(); c.Refused != refused {
			t.Errorf("%s: refused %v", text, c.Refused)
		}
	}
}

// TestSearchesAreCountedWhereTheUsageDoesNotTell, but not those that failed.
func TestSearchesAreCountedWhereTheUsageDoesNotTell(t *testing.T) {
	t.Parallel()
	const blocks = `{"type":"server_tool_use","name":"web_search"},{"type":"web_search_tool_result","content":[]},{"type":"server_tool_use","name":"web_fetch"},` +
		`{"type":"server_tool_use","name":"web_search"},{"type":"web_search_tool_result","content":{"type":"web_search_tool_result_error"}}`
	for text, want := range map[string]int64{
		`{"input_tokens":9,"output_tokens":7}`:                                             1,
		`{"input_tokens":9,"output_tokens":7,"server_tool_use":{"web_search_requests":3}}`: 3,
		`{"input_tokens":9,"output_tokens":7,"server_tool_use":{"web_search_requests":0}}`: 0,
	} {
		m := meter("application/json")
		m.Feed([]byte(`{"type":"message","usage":` + text + `,"content":[` + blocks + `]}`))
		if c := m.End(); c.Also[usage.WebSearch] != want || c.Tokens.Output != 7 {
			t.Errorf("%s: %+v", text, c)
		}
	}
}

func FuzzMetersNeverPanic(f *testing.F) {
	f.Add(recorded, true)
	f.Add(`{"usage":{"input_tokens":-5,"output_tokens":1e99}}`, false)
	f.Fuzz(func(t *testing.T, text string, streamed bool) {
		m := meter("application/json")
		if streamed {
			m = stream()
		}
		m.Feed([]byte(text[:len(text)/2]))
		m.Feed([]byte(text[len(text)/2:]))
		m.Failure()
		if c := m.End(); c.Tokens.Input < 0 || c.Tokens.Output < 0 || c.Tokens.CacheRead < 0 || c.Tokens.CacheWrite < 0 {
			t.Errorf("%+v", c.Tokens)
		}
	})
}

func BenchmarkDelta(b *testing.B) {
	m := stream()
	event := []byte("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"some words here\"}}\n\n")
	b.ReportAllocs()
	for b.Loop() {
		m.Feed(event)
	}
}

func BenchmarkWhole(b *testing.B) {
	answer := []byte(`{"type":"message","model":"claude-x","content":[{"type":"text","text":"` + strings.Repeat("some words here ", 200) + `"}],"usage":{"input_tokens":11,"output_tokens":7}}`)
	b.ReportAllocs()
	for b.Loop() {
		m := meter("application/json")
		m.Feed(answer)
		m.End()
	}
}
