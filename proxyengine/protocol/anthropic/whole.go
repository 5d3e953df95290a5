package anthropic

import (
	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// jsonMeter counts an answer in one JSON object, of which the members are kept that matter.
type jsonMeter struct {
	provider.OnePiece
	tally
	jsonscan.Members
	failure []byte
}

// ofError are the members that an error has besides its type.
var ofError = []string{"error", "message", "request_id"}

// keptMembers are the members of an answer that matter here.
var keptMembers = append([]string{"usage", "model", "type"}, ofError...)

func newJSONMeter() *jsonMeter { return &jsonMeter{Members: jsonscan.Members{Names: keptMembers}} }

// Holds implements provider.Meter.
func (m *jsonMeter) Holds() int { return m.Members.Holds() + cap(m.failure) + m.holds() }

// Failure implements provider.Meter.
func (m *jsonMeter) Failure() []byte {
	if m.failure != nil || !m.Complete() || !jsonscan.Equal(m.Value("type"), "error") {
		return m.failure
	}
	m.failure = []byte(`{"type":"error"`)
	for _, name := range ofError {
		if said := m.Value(name); said != nil {
			m.failure = append(append(m.failure, `,"`+name+`":`...), said...)
		}
	}
	m.failure = append(m.failure, '}')
	return m.failure
}

// End implements provider.Meter.
func (m *jsonMeter) End() provider.Count {
	if m.Complete() && m.Failure() == nil {
		provider.TakeName(&m.Count.Model, m.Value("model"))
		if figures := m.Value("usage"); figures != nil {
			m.take(figures)
		}
	}
	return m.end(m.Complete())
}
