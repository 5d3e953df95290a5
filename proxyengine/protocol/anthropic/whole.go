package anthropic

import (
	"bytes"
	"slices"
	"sync"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// jsonMeter counts an answer in one JSON object. One that is small is kept until it is whole; of a large one only the
// members that matter are.
type jsonMeter struct {
	provider.OnePiece
	tally
	body    []byte
	large   *jsonscan.Members
	failure []byte
	whole   bool
}

// keepUpTo is up to which size an answer is kept whole.
const keepUpTo = 64 << 10

// keptMembers are the members of an answer that matter here.
var keptMembers = []string{"usage", "model", "type", "error"}

// Feed implements provider.Meter.
func (m *jsonMeter) Feed(p []byte) {
	if !m.whole {
		m.Output += int64(len(p)) // for an answer without figures
	}
	switch {
	case m.large != nil:
		m.large.Feed(p)
	case len(m.body)+len(p) > keepUpTo:
		m.Forget()
		m.large.Feed(p)
	default:
		if m.body == nil {
			m.body = emptyBody()
		}
		m.body = append(m.body, p...)
	}
}

// Holds implements provider.Meter.
func (m *jsonMeter) Holds() int {
	n := cap(m.body) + m.holds()
	if m.large != nil {
		n += m.large.Holds()
	}
	return n
}

// Forget implements provider.Meter.
func (m *jsonMeter) Forget() {
	switch {
	case m.large != nil:
		m.large.Forget()
	case !m.whole:
		m.large = &jsonscan.Members{Names: keptMembers}
		m.large.Feed(m.body)
		keepBody(m.body)
		m.body = nil
	}
}

// Complete implements provider.Meter.
func (m *jsonMeter) Complete() bool {
	m.read()
	return m.whole
}

// Failure implements provider.Meter.
func (m *jsonMeter) Failure() []byte {
	m.read()
	return m.failure
}

// read looks once at what has come.
func (m *jsonMeter) read() {
	switch {
	case m.whole:
	case m.large != nil:
		if m.whole = m.large.Complete(); m.whole {
			m.said = true // it is large
			m.tell(m.large.Value("type"), m.large.Value("model"), m.large.Value("usage"))
		}
	default:
		m.readBody()
	}
}

func (m *jsonMeter) readBody() {
	s := jsonscan.Top(m.body)
	var figures, name, what, content []byte
	for s.Next() {
		switch string(s.Key) {
		case "usage":
			figures = s.Value
		case "model":
			name = s.Value
		case "type":
			what = s.Value
		case "stop_reason":
			m.refused = isRefusal(s.Value)
		case "content":
			content = s.Value
		}
	}
	m.said = m.refused && holdsText(content)
	if s.Err() == nil {
		m.whole = true
		m.tell(what, name, figures)
	}
	if !m.searched {
		m.countSearches(content)
	}
}

// countSearches looks for what the usage may not tell.
func (m *jsonMeter) countSearches(content []byte) {
	if !bytes.Contains(content, []byte("web_search")) { // as usual
		return
	}
	m.searches = 0
	blocks := jsonscan.Array(content)
	for blocks.Next() {
		m.search(blocks.Value)
	}
}

// holdsText reports whether the blocks of an answer say anything.
func holdsText(content []byte) bool {
	blocks := jsonscan.Array(content)
	for blocks.Next() {
		if !isHop(blocks.Value) {
			return true
		}
	}
	return false
}

// tell takes what a whole answer says.
func (m *jsonMeter) tell(what, model, figures []byte) {
	if jsonscan.Equal(what, "error") {
		if m.failure = m.body; m.large != nil {
			m.failure = slices.Concat([]byte(`{"type":"error","error":`), m.large.Value("error"), []byte("}"))
		}
		return
	}
	if !jsonscan.Equal(what, "message") {
		m.Output = 0 // it is a count of tokens, or says something else
	}
	provider.TakeName(&m.Count.Model, model)
	if figures != nil {
		m.finish(figures, true)
	}
}

// End implements provider.Meter.
func (m *jsonMeter) End() provider.Count {
	m.read()
	c := m.end(m.whole)
	if m.failure == nil { // which would be the body itself
		keepBody(m.body)
		m.body = nil
	}
	return c
}

// bodies are used again: an answer's body would otherwise be the largest thing that a request leaves behind.
var bodies sync.Pool

const smallestBody = 4 << 10

func emptyBody() []byte {
	if b, ok := bodies.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, smallestBody)
}

func keepBody(b []byte) {
	if c := cap(b); c >= smallestBody && c <= keepUpTo {
		bodies.Put(&b)
	}
}
