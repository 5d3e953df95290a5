package anthropic

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"crs/internal/jsonscan"
	"crs/internal/sse"
	"crs/proxyengine/provider"
)

// NewMeter makes a meter for an answer in the Messages protocol, by its content type: a stream, or one JSON object.
func NewMeter(header provider.Header) provider.Meter {
	if strings.HasPrefix(strings.ToLower(header.Get("content-type")), "text/event-stream") {
		m := &streamMeter{}
		m.scanner.On = m.event
		return m
	}
	return &jsonMeter{}
}

// tally is what has been counted so far.
type tally struct {
	count       provider.Count
	first, last []byte // usage objects as they came
	output      int64  // bytes of text that came by, for an answer that ends before its figures
}

// take puts the figures of a usage object (protocols.md, A.11) in the place of earlier ones: they are cumulative, and a
// zero says nothing.
func (t *tally) take(raw []byte) {
	var created int64
	c := &t.count
	u := &c.Tokens
	s := jsonscan.Top(raw)
	for s.Next() {
		switch string(s.Key) {
		case "input_tokens":
			put(&u.Input, s.Value)
		case "output_tokens":
			put(&u.Output, s.Value)
		case "cache_read_input_tokens":
			put(&u.CacheRead, s.Value)
		case "cache_creation_input_tokens":
			put(&created, s.Value)
		case "cache_creation":
			put(&u.CacheWrite, jsonscan.Get(s.Value, "ephemeral_5m_input_tokens"))
			put(&u.CacheWrite1h, jsonscan.Get(s.Value, "ephemeral_1h_input_tokens"))
		case "server_tool_use":
			put(&c.Pricing.WebSearches, jsonscan.Get(s.Value, "web_search_requests"))
		case "service_tier":
			name(&c.Pricing.ServiceTier, s.Value)
		case "inference_geo":
			name(&c.Pricing.Region, s.Value)
		case "speed":
			c.Pricing.Fast = c.Pricing.Fast || jsonscan.Equal(s.Value, "fast")
		}
	}
	if s.Err() != nil {
		return
	}
	c.Seen = true
	if unsplit := created - u.CacheWrite - u.CacheWrite1h; unsplit > 0 {
		u.CacheWrite += unsplit
	}
	if len(raw) > mostRaw {
		return
	}
	if t.last = bytes.Clone(raw); t.first == nil {
		t.first = t.last
	}
}

func put(n *int64, raw []byte) {
	if fresh, ok := provider.Figure(raw); ok && fresh > 0 {
		*n = fresh
	}
}

func name(s *string, raw []byte) {
	if len(raw) > mostName {
		return
	}
	if fresh, ok := jsonscan.String(raw); ok && fresh != "" {
		*s = fresh
	}
}

// end gives the count. An answer that was cut is counted by what came of it, where its own figures say less.
func (t *tally) end(complete bool) provider.Count {
	c := t.count
	c.Complete = complete && c.Seen
	if !c.Complete {
		c.Tokens.Output = max(c.Tokens.Output, t.output/bytesPerToken)
	}
	c.Raw = t.raw()
	return c
}

const (
	bytesPerToken = 4
	mostRaw       = 16 << 10 // the largest usage object that goes into the ledger
	mostName      = 1 << 10  // longer than any name that an upstream gives
)

// holds is what is kept of figures.
func (t *tally) holds() int { return cap(t.first) + cap(t.last) }

// raw is what the upstream said, fit for a ledger's line: its last word, and its first too where that alone has the
// input.
func (t *tally) raw() json.RawMessage {
	text := t.last
	if len(text) > 0 && !bytes.Contains(text, []byte(`"input_tokens"`)) && &t.first[0] != &t.last[0] {
		text = slices.Concat([]byte("["), t.first, []byte(","), t.last, []byte("]"))
	}
	if len(text) == 0 || !json.Valid(text) {
		return nil
	}
	if bytes.ContainsAny(text, "\r\n") {
		var compact bytes.Buffer
		_ = json.Compact(&compact, text) // it is valid
		return compact.Bytes()
	}
	return text
}

// streamMeter counts a stream.
type streamMeter struct {
	tally
	scanner sse.Scanner
	begun   bool
	stopped bool
	failure []byte
}

// Feed implements provider.Meter.
func (m *streamMeter) Feed(p []byte) { m.scanner.Feed(p) }

// Holds implements provider.Meter.
func (m *streamMeter) Holds() int { return m.scanner.Holds() + cap(m.failure) + m.holds() }

// Forget implements provider.Meter.
func (m *streamMeter) Forget() { m.scanner.Forget() }

// HasContent implements provider.Meter.
func (m *streamMeter) HasContent() bool { return m.begun }

// Failure implements provider.Meter.
func (m *streamMeter) Failure() []byte { return m.failure }

// Complete implements provider.Meter.
func (m *streamMeter) Complete() bool { return m.stopped }

// AtBoundary implements provider.Meter.
func (m *streamMeter) AtBoundary() bool { return m.scanner.AtBoundary() }

// End implements provider.Meter. Some gateways leave the last blank line out.
func (m *streamMeter) End() provider.Count {
	if rest := m.scanner.Close(); len(rest.Data) > 0 && !rest.Cut {
		m.event(rest.Event)
	}
	return m.end(m.stopped)
}

// event looks at one event. Most are deltas, told by their first bytes without decoding anything.
func (m *streamMeter) event(e sse.Event) {
	switch kind(e.Data) {
	case "content_block_delta":
		m.begun = true
		m.output += int64(max(len(e.Data)-deltaFrame, 0))
	case "content_block_start", "content_block_stop":
		m.begun = true
	case "message_start":
		if u := jsonscan.Get(jsonscan.Get(e.Data, "message"), "usage"); u != nil {
			m.take(u)
		}
		name(&m.count.Model, jsonscan.Get(jsonscan.Get(e.Data, "message"), "model"))
	case "message_delta":
		m.begun = true
		if u := jsonscan.Get(e.Data, "usage"); u != nil {
			m.take(u)
		}
	case "message_stop":
		m.begun, m.stopped = true, true
	case "error":
		if m.failure == nil {
			m.failure = bytes.Clone(e.Data)
		}
	}
}

// deltaFrame is about what a delta's event weighs without its text.
const deltaFrame = 80

// kind is the type of an event. It stands first in every stream seen; where it does not, it is looked for.
func kind(data []byte) string {
	if rest, ok := bytes.CutPrefix(data, []byte(`{"type":"`)); ok {
		if i := bytes.IndexByte(rest, '"'); i >= 0 {
			return known(rest[:i])
		}
	}
	value, _ := jsonscan.String(jsonscan.Get(data, "type"))
	return known([]byte(value))
}

// known gives the constant for a type, so that no event costs an allocation.
func known(b []byte) string {
	for _, k := range [...]string{
		"content_block_delta", "content_block_start", "content_block_stop", "message_start", "message_delta", "message_stop", "error", "ping",
	} {
		if string(b) == k {
			return k
		}
	}
	return ""
}
