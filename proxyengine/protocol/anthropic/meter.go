package anthropic

import (
	"bytes"
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
		m.Scanner.On = m.event
		return m
	}
	return &jsonMeter{}
}

// tally is what has been counted so far.
type tally struct {
	provider.Tally
	first, last []byte // usage objects as they came
}

// take puts the figures of a usage object (protocols.md, A.11) in the place of earlier ones: they are cumulative, and a
// zero says nothing.
func (t *tally) take(raw []byte) {
	var created int64
	c := &t.Count
	u := &c.Tokens
	s := jsonscan.Top(raw)
	for s.Next() {
		switch string(s.Key) {
		case "input_tokens":
			provider.TakeFigure(&u.Input, s.Value)
		case "output_tokens":
			provider.TakeFigure(&u.Output, s.Value)
		case "cache_read_input_tokens":
			provider.TakeFigure(&u.CacheRead, s.Value)
		case "cache_creation_input_tokens":
			provider.TakeFigure(&created, s.Value)
		case "cache_creation":
			provider.TakeFigure(&u.CacheWrite, jsonscan.Get(s.Value, "ephemeral_5m_input_tokens"))
			provider.TakeFigure(&u.CacheWrite1h, jsonscan.Get(s.Value, "ephemeral_1h_input_tokens"))
		case "server_tool_use":
			provider.TakeFigure(&c.Pricing.WebSearches, jsonscan.Get(s.Value, "web_search_requests"))
		case "service_tier":
			provider.TakeName(&c.Pricing.ServiceTier, s.Value)
		case "inference_geo":
			provider.TakeName(&c.Pricing.Region, s.Value)
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
	if len(raw) > provider.MostRaw {
		return
	}
	if t.last = bytes.Clone(raw); t.first == nil {
		t.first = t.last
	}
}

// holds is what is kept of figures.
func (t *tally) holds() int { return cap(t.first) + cap(t.last) }

// end gives the count, with what the upstream said: its last word, and its first too where that alone has the input.
func (t *tally) end(complete bool) provider.Count {
	text := t.last
	if len(text) > 0 && !bytes.Contains(text, []byte(`"input_tokens"`)) && &t.first[0] != &t.last[0] {
		text = slices.Concat([]byte("["), t.first, []byte(","), t.last, []byte("]"))
	}
	return t.End(complete, text)
}

// streamMeter counts a stream.
type streamMeter struct {
	tally
	provider.StreamMeter
}

// Holds implements provider.Meter.
func (m *streamMeter) Holds() int { return m.Scanner.Holds() + cap(m.Failed) + m.holds() }

// End implements provider.Meter.
func (m *streamMeter) End() provider.Count {
	m.Close()
	return m.end(m.Stopped)
}

// event looks at one event. Most are deltas, told by their first bytes without decoding anything.
func (m *streamMeter) event(e sse.Event) {
	switch kind(e.Data) {
	case "content_block_delta":
		m.Begun = true
		m.Output += int64(max(len(e.Data)-deltaFrame, 0))
	case "content_block_start", "content_block_stop":
		m.Begun = true
	case "message_start":
		if u := jsonscan.Get(jsonscan.Get(e.Data, "message"), "usage"); u != nil {
			m.take(u)
		}
		provider.TakeName(&m.Count.Model, jsonscan.Get(jsonscan.Get(e.Data, "message"), "model"))
	case "message_delta":
		m.Begun = true
		if u := jsonscan.Get(e.Data, "usage"); u != nil {
			m.take(u)
		}
	case "message_stop":
		m.Begun, m.Stopped = true, true
	case "error":
		m.Fail(e.Data)
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
