package gemini

import (
	"bytes"
	"strings"

	"crs/internal/sse"
	"crs/proxyengine/provider"
)

// Meter counts an answer, plain or wrapped by Code Assist: a stream of events, an array, or one object, by its content
// type and its first byte.
type Meter struct {
	// On, if not nil, is called for each object of the answer, which is valid until it returns. It must not feed the meter.
	On func(Object)

	tally
	events  sse.Scanner
	objects Splitter
	stream  bool
	cut     bool
}

var _ provider.Meter = (*Meter)(nil)

// NewMeter makes a meter for an answer with these headers.
func NewMeter(header provider.Header) *Meter {
	m := &Meter{stream: strings.HasPrefix(strings.ToLower(header.Get("content-type")), "text/event-stream")}
	m.events.On, m.events.Max, m.objects.On = m.event, Largest, m.object
	return m
}

// Events reports whether the answer is a stream of events.
func (m *Meter) Events() bool { return m.stream }

// Array reports whether the answer is one JSON array.
func (m *Meter) Array() bool { return m.objects.Array() }

// Feed implements provider.Meter.
func (m *Meter) Feed(p []byte) {
	if m.stream {
		m.events.Feed(p)
		return
	}
	m.objects.Feed(p)
}

func (m *Meter) event(e sse.Event) {
	if e.Truncated {
		m.object(nil)
		return
	}
	if data := bytes.TrimSpace(e.Data); len(data) > 0 && string(data) != "[DONE]" { // which some gateways add
		m.object(data)
	}
}

// object takes one object; nil is one that was too long to be read.
func (m *Meter) object(data []byte) {
	o := Object{Broken: true}
	if data != nil {
		o = m.take(data)
	} else {
		m.broken, m.begun = true, true
	}
	if m.On != nil {
		m.On(o)
	}
}

// Holds implements provider.Meter.
func (m *Meter) Holds() int {
	return m.events.Holds() + m.objects.Holds() + cap(m.usage) + cap(m.failure) + m.queries.Holds()
}

// Forget implements provider.Meter.
func (m *Meter) Forget() {
	m.events.Forget()
	m.objects.Forget()
}

// HasContent implements provider.Meter. An answer that comes in one object has begun when it is whole, or is an error.
func (m *Meter) HasContent() bool { return m.begun || !m.stream && !m.objects.Array() }

// Failure implements provider.Meter.
func (m *Meter) Failure() []byte { return m.failure }

// AtBoundary implements provider.Meter: nothing can be added to JSON.
func (m *Meter) AtBoundary() bool { return m.stream && m.events.AtBoundary() }

// Complete implements provider.Meter. A stream of events ends without a word, so it is whole when a candidate said why it
// ended.
func (m *Meter) Complete() bool {
	if m.stream {
		return m.finished
	}
	return m.objects.Done() && !m.broken
}

// Close takes note that the answer has ended, and reports whether it ended where it may. Some gateways leave the last blank
// line out.
func (m *Meter) Close() bool {
	if !m.stream {
		return m.objects.Done()
	}
	rest := m.events.Close()
	if data := bytes.TrimSpace(rest.Data); len(data) > 0 && !rest.Truncated {
		if _, whole := scan(data); whole {
			m.event(rest.Event)
		} else {
			m.cut = true
			m.unfinished(data)
		}
	}
	m.cut = m.cut || rest.Truncated
	return !m.cut
}

// End implements provider.Meter.
func (m *Meter) End() provider.Count {
	m.Close()
	m.unfinished(m.objects.Take())
	complete := m.Complete()
	if !m.stream && m.objects.Array() {
		complete = complete && m.finished
	}
	return m.end(complete)
}
