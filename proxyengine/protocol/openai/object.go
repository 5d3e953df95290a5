package openai

import (
	"slices"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// objectMeter counts an answer in one JSON object.
type objectMeter struct {
	tally
	object  jsonscan.Members
	failure []byte
}

// keptMembers are the members of an answer that matter here.
var keptMembers = []string{"usage", "model", "error", "service_tier", "output"}

func newObjectMeter() *objectMeter { return &objectMeter{object: jsonscan.Members{Names: keptMembers}} }

// Holds implements provider.Meter.
func (m *objectMeter) Holds() int { return m.object.Holds() + cap(m.failure) + cap(m.last) }

// Forget implements provider.Meter.
func (m *objectMeter) Forget() { m.object.Forget() }

// Feed implements provider.Meter.
func (m *objectMeter) Feed(p []byte) { m.object.Feed(p) }

// HasContent implements provider.Meter: an answer that comes in one piece has begun when it is whole.
func (m *objectMeter) HasContent() bool { return true }

// Complete implements provider.Meter.
func (m *objectMeter) Complete() bool { return m.object.Whole() }

// AtBoundary implements provider.Meter: nothing can be added to a JSON object.
func (m *objectMeter) AtBoundary() bool { return false }

// Failure implements provider.Meter: an object that says error in the place of an answer.
func (m *objectMeter) Failure() []byte {
	if raw := m.object.Value("error"); m.failure == nil && m.Complete() && given(raw) {
		m.failure = slices.Concat([]byte(`{"error":`), raw, []byte("}"))
	}
	return m.failure
}

// End implements provider.Meter.
func (m *objectMeter) End() provider.Count {
	m.take(m.object.Value("usage"))
	name(&m.count.Model, m.object.Value("model"))
	name(&m.count.Pricing.ServiceTier, m.object.Value("service_tier"))
	m.count.Pricing.WebSearches, m.count.Images = 0, 0
	items := jsonscan.Array(m.object.Value("output"))
	for items.Next() {
		countItem(&m.count, items.Value)
	}
	return m.end(m.Complete())
}
