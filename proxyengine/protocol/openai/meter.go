package openai

import (
	"strings"

	"crs/internal/sse"
	"crs/proxyengine/provider"
)

// NewMeter makes a meter for a successful answer to want, by its content type: a stream, or one JSON object. Where want
// hides the figures it is a provider.Transformer, which leaves them out of the stream.
func NewMeter(want *provider.Intent, header provider.Header) provider.Meter {
	contentType := header.Get("content-type")
	if !strings.HasPrefix(strings.ToLower(contentType), "text/event-stream") {
		return newObjectMeter()
	}
	if want.Service == Chat || want.Service == Completions {
		m := &chatMeter{}
		m.scanner.On = m.event
		if want.HideUsage {
			return &hider{chatMeter: m, contentType: contentType}
		}
		return m
	}
	m := &eventMeter{}
	m.scanner.On = m.event
	return m
}

// stream is what the meters of streams have in common.
type stream struct {
	tally
	scanner sse.Scanner
	begun   bool
	stopped bool
	failure []byte
}

// Feed implements provider.Meter.
func (m *stream) Feed(p []byte) { m.scanner.Feed(p) }

// Holds implements provider.Meter.
func (m *stream) Holds() int { return m.scanner.Holds() + cap(m.failure) + cap(m.last) }

// Forget implements provider.Meter.
func (m *stream) Forget() { m.scanner.Forget() }

// HasContent implements provider.Meter.
func (m *stream) HasContent() bool { return m.begun }

// Failure implements provider.Meter.
func (m *stream) Failure() []byte { return m.failure }

// Complete implements provider.Meter.
func (m *stream) Complete() bool { return m.stopped }

// AtBoundary implements provider.Meter.
func (m *stream) AtBoundary() bool { return m.scanner.AtBoundary() }

// End implements provider.Meter. Some gateways leave the last blank line out.
func (m *stream) End() provider.Count {
	if rest := m.scanner.Close(); len(rest.Data) > 0 && !rest.Cut {
		m.scanner.On(rest.Event)
	}
	return m.end(m.stopped)
}
