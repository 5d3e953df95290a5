package openai

import (
	"slices"

	"crs/internal/jsonscan"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// objectMeter counts an answer in one JSON object.
type objectMeter struct {
	provider.OnePiece
	tally
	jsonscan.Members
	text    bool // it answers with text
	failure []byte
}

// keptMembers are the members of an answer that matter here.
var keptMembers = []string{"usage", "model", "error", "service_tier", "output"}

func newObjectMeter(service string) *objectMeter {
	text := service == Chat || service == Completions || service == Responses
	return &objectMeter{tally: tally{images: service == Images}, text: text, Members: jsonscan.Members{Names: keptMembers}}
}

// Feed implements provider.Meter. How long the answer is tells of one without figures, if it is text.
func (m *objectMeter) Feed(p []byte) {
	if m.text {
		m.Output += int64(len(p))
	}
	m.Members.Feed(p)
}

// Holds implements provider.Meter.
func (m *objectMeter) Holds() int { return m.Members.Holds() + cap(m.failure) + cap(m.last) }

// Failure implements provider.Meter: an object that says error in the place of an answer.
func (m *objectMeter) Failure() []byte {
	if raw := m.Value("error"); m.failure == nil && m.Complete() && given(raw) {
		m.failure = slices.Concat([]byte(`{"error":`), raw, []byte("}"))
	}
	return m.failure
}

// End implements provider.Meter.
func (m *objectMeter) End() provider.Count {
	m.says(m.Value("model"), m.Value("service_tier"), m.Value("usage"))
	for _, k := range []usage.Kind{usage.WebSearch, usage.FileSearch, usage.Image} {
		m.Count.Also[k] = 0
	}
	items := jsonscan.Array(m.Value("output"))
	for items.Next() {
		countItem(&m.Count, items.Value)
	}
	if m.told {
		m.Told() // all of it has come
	}
	return m.tally.End(m.Complete(), m.last)
}
