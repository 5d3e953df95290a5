package anthropic

import (
	"bytes"
	"slices"
	"strings"
	"unsafe"

	"crs/internal/jsonscan"
	"crs/internal/sse"
	"crs/internal/usage"
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
	iterations  []iteration
	whole       bool   // the iterations are all that there are
	first, last []byte // usage objects as they came
	said        bool   // a part of the answer has come by
	refused     bool
	final       bool  // the upstream has said how long the answer is
	searched    bool  // and for how much it searched the web
	searches    int64 // of the web that came by
}

// take puts the figures of a usage object (protocols.md, A.11) in the place of earlier ones: they are cumulative, and a
// zero says nothing.
func (t *tally) take(raw []byte) {
	c := &t.Count
	if !readTokens(&c.Tokens, raw, t.detail) {
		return
	}
	c.Seen = true
	if len(raw) > provider.MostRaw {
		return
	}
	if t.last = bytes.Clone(raw); t.first == nil {
		t.first = t.last
	}
}

// finish takes the figures that an answer ends with. A zero says nothing where something came by.
func (t *tally) finish(raw []byte, empty bool) {
	t.take(raw)
	if n, ok := provider.NearFigure(jsonscan.Get(raw, "output_tokens")); ok && (n > 0 || empty) {
		t.final = true
		t.Told()
	}
	_, ok := provider.NearFigure(jsonscan.Get(jsonscan.Get(raw, "server_tool_use"), "web_search_requests"))
	t.searched = t.searched || ok
}

// detail takes what a usage object says beside tokens.
func (t *tally) detail(key, value []byte) {
	c := &t.Count
	switch string(key) {
	case "iterations":
		t.iterations, t.whole = readIterations(value)
	case "server_tool_use":
		provider.TakeFigure(&c.Also[usage.WebSearch], jsonscan.Get(value, "web_search_requests"))
	case "service_tier":
		if c.Tier != fast {
			provider.TakeName(&c.Tier, value)
		}
	case "inference_geo":
		provider.TakeName(&c.Region, value)
	case "speed":
		if jsonscan.Equal(value, fast) {
			c.Tier = fast
		}
	}
}

// fast is the speed of an answer that is priced as a tier.
const fast = "fast"

// readTokens reads the tokens of a usage object into t, and gives what else is in it to other. It is false when it is no object.
func readTokens(t *usage.Tokens, raw []byte, other func(key, value []byte)) bool {
	var created int64
	s := jsonscan.Top(raw)
	for s.Next() {
		switch string(s.Key) {
		case "input_tokens":
			provider.TakeFigure(&t.Input, s.Value)
		case "output_tokens":
			provider.TakeFigure(&t.Output, s.Value)
		case "cache_read_input_tokens":
			provider.TakeFigure(&t.CacheRead, s.Value)
		case "cache_creation_input_tokens":
			provider.TakeFigure(&created, s.Value)
		case "cache_creation":
			provider.TakeFigure(&t.CacheWrite, jsonscan.Get(s.Value, "ephemeral_5m_input_tokens"))
			provider.TakeFigure(&t.CacheWrite1h, jsonscan.Get(s.Value, "ephemeral_1h_input_tokens"))
		default:
			other(s.Key, s.Value)
		}
	}
	if s.Err() != nil {
		return false
	}
	if unsplit := created - t.CacheWrite - t.CacheWrite1h; unsplit > 0 {
		t.CacheWrite += unsplit
	}
	return true
}

// holds is what is kept of figures.
func (t *tally) holds() int {
	return cap(t.first) + cap(t.last) + cap(t.iterations)*int(unsafe.Sizeof(iteration{}))
}

// end gives the count, with what the upstream said: its last word, and its first too where that alone has the input.
func (t *tally) end(complete bool) provider.Count {
	text := t.last
	if len(text) > 0 && !bytes.Contains(text, []byte(`"input_tokens"`)) && &t.first[0] != &t.last[0] {
		text = slices.Concat([]byte("["), t.first, []byte(","), t.last, []byte("]"))
	}
	c := t.End(complete, text)
	if !t.searched {
		c.Also[usage.WebSearch] = max(c.Also[usage.WebSearch], t.searches)
	}
	t.bill(&c)
	c.Refused = t.refused && !t.said
	return c
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
	c := m.end(m.Stopped)
	c.Guessed = c.Guessed || !m.final // what the head says of the output is from before the first word
	return c
}

// event looks at one event. Most are deltas, told by their first bytes without decoding anything.
func (m *streamMeter) event(e sse.Event) {
	switch kind(e.Data) {
	case "content_block_delta":
		m.Begun, m.said = true, true
		m.Output += int64(max(len(e.Data)-deltaFrame, 0))
	case "content_block_start":
		m.Begun = true
		m.block(jsonscan.Get(e.Data, "content_block"))
	case "content_block_stop":
		m.Begun = true
	case "message_start":
		if u := jsonscan.Get(jsonscan.Get(e.Data, "message"), "usage"); u != nil {
			m.take(u)
		}
		provider.TakeName(&m.Count.Model, jsonscan.Get(jsonscan.Get(e.Data, "message"), "model"))
	case "message_delta":
		m.Begun = true
		if u := jsonscan.Get(e.Data, "usage"); u != nil {
			m.finish(u, m.Output == 0)
		}
		m.refused = isRefusal(jsonscan.Get(jsonscan.Get(e.Data, "delta"), "stop_reason"))
	case "message_stop":
		m.Begun, m.Stopped = true, true
	case "error":
		m.Fail(e.Data)
	}
}

// block looks at what a block begins with: for some, that is all of it.
func (m *streamMeter) block(block []byte) {
	m.said = m.said || !isHop(block)
	if m.search(block); !isResult(block) {
		m.Output += int64(max(len(block)-blockFrame, 0))
	}
}

// blockFrame is about what a block weighs without its text.
const blockFrame = 100

// search counts searches of the web: each that was begun, less those that failed, which are not billed.
func (t *tally) search(block []byte) {
	switch what := jsonscan.Get(block, "type"); {
	case jsonscan.Equal(what, "server_tool_use") && jsonscan.Equal(jsonscan.Get(block, "name"), "web_search"):
		t.searches++
	case jsonscan.Equal(what, "web_search_tool_result") && bytes.HasPrefix(jsonscan.Get(block, "content"), []byte("{")):
		t.searches = max(t.searches-1, 0)
	}
}

// isResult reports whether a block is what a tool of the provider's gave, and no output.
func isResult(block []byte) bool {
	return bytes.HasSuffix(jsonscan.Get(block, "type"), []byte(`_tool_result"`))
}

// isHop reports whether a block only says that another model goes on.
func isHop(block []byte) bool { return jsonscan.Equal(jsonscan.Get(block, "type"), "fallback") }

func isRefusal(reason []byte) bool { return jsonscan.Equal(reason, "refusal") }

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
