package openai

import (
	"strings"

	"crs/proxyengine/provider"
)

// NewMeter makes a meter for a successful answer to want, by its content type: a stream, or one JSON object. Where want
// hides the figures it is a provider.Transformer, which leaves them out of the stream.
func NewMeter(want *provider.Intent, header provider.Header) provider.Meter {
	contentType := header.Get("content-type")
	if !strings.HasPrefix(strings.ToLower(contentType), "text/event-stream") {
		return newObjectMeter(want.Service)
	}
	if want.Service == Chat || want.Service == Completions {
		m := &chatMeter{}
		m.Scanner.On = m.event
		if want.HideUsage {
			return &hider{chatMeter: m, contentType: contentType}
		}
		return m
	}
	m := &eventMeter{}
	m.images = want.Service == Images
	m.Scanner.On = m.event
	return m
}

// stream is what the meters of streams have in common.
type stream struct {
	tally
	provider.StreamMeter
}

// Holds implements provider.Meter.
func (m *stream) Holds() int { return m.Scanner.Holds() + cap(m.Failed) + cap(m.last) }

// End implements provider.Meter.
func (m *stream) End() provider.Count {
	m.Close()
	return m.tally.End(m.Stopped, m.last)
}
