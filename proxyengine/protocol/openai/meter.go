package openai

import (
	"cmp"
	"strings"

	"crs/proxyengine/provider"
)

// NewMeter makes a meter for a successful answer to want, by its content type: a stream, or one JSON object. Where want
// hides the figures it is a provider.Transformer, which leaves them out of the stream.
func NewMeter(want *provider.Intent, header provider.Header) provider.Meter {
	contentType := header.Get("content-type")
	if !strings.HasPrefix(strings.ToLower(contentType), "text/event-stream") {
		return newObjectMeter(want)
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
	m.tally = newTally(want)
	m.Scanner.On = m.event
	return m
}

func newTally(want *provider.Intent) tally {
	t := tally{images: want.Service == Images}
	if t.tools.images.each = want.ImageTokens; !t.images {
		t.tools.images = images{model: want.ImageModel, each: cmp.Or(want.ImageTokens, tokensOf("", ""))}
	}
	return t
}

// stream is what the meters of streams have in common.
type stream struct {
	tally
	provider.StreamMeter
}

// Holds implements provider.Meter.
func (m *stream) Holds() int { return m.Scanner.Holds() + cap(m.Failed) + m.holds() }

// End implements provider.Meter.
func (m *stream) End() provider.Count {
	if cut := m.Close(); len(cut.Data) > 0 {
		m.tools.cut(cut)
	}
	return m.end(m.Stopped)
}
