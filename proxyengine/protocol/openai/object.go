package openai

import (
	"slices"

	"crs/proxyengine/provider"
)

// objectMeter counts an answer in one JSON object.
type objectMeter struct {
	tally
	object  members
	failure []byte
}

// Feed implements provider.Meter.
func (m *objectMeter) Feed(p []byte) { m.object.feed(p) }

// Begun implements provider.Meter: an answer that comes in one piece has begun when it is whole.
func (m *objectMeter) Begun() bool { return true }

// Whole implements provider.Meter.
func (m *objectMeter) Whole() bool { return m.object.whole() }

// AtBoundary implements provider.Meter: nothing can be added to a JSON object.
func (m *objectMeter) AtBoundary() bool { return false }

// Failure implements provider.Meter: an object that says error in the place of an answer.
func (m *objectMeter) Failure() []byte {
	if raw := m.object.value("error"); m.failure == nil && m.Whole() && given(raw) {
		m.failure = slices.Concat([]byte(`{"error":`), raw, []byte("}"))
	}
	return m.failure
}

// End implements provider.Meter.
func (m *objectMeter) End() provider.Count {
	m.take(m.object.value("usage"))
	name(&m.count.Model, m.object.value("model"))
	name(&m.count.Pricing.ServiceTier, m.object.value("service_tier"))
	m.count.Pricing.WebSearches = 0
	elements(m.object.value("output"), func(item []byte) bool {
		if isSearch(item) {
			m.count.Pricing.WebSearches++
		}
		return true
	})
	return m.end(m.Whole())
}
