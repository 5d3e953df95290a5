package openai

import (
	"bytes"
	"slices"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// objectMeter counts an answer in one JSON object.
type objectMeter struct {
	provider.OnePiece
	tally
	jsonscan.Members
	text    bool  // it answers with text
	asked   int64 // images that were asked for
	painter bool  // it has a tool that makes images
	fed     int64 // how long it is
	first   byte  // of the answer
	failure []byte
}

// keptMembers are the members of an answer that matter here.
var keptMembers = []string{"usage", "model", "error", "service_tier", "output", "tool_usage", "quality", "size"}

func newObjectMeter(want *provider.Intent) *objectMeter {
	text := want.Service == Chat || want.Service == Completions || want.Service == Responses
	return &objectMeter{tally: newTally(want), text: text, asked: want.Images, painter: want.ImageTokens > 0 && text, Members: jsonscan.Members{Names: keptMembers}}
}

// Feed implements provider.Meter. How long the answer is tells of one without figures, if it is text.
func (m *objectMeter) Feed(p []byte) {
	m.fed += int64(len(p))
	if text := bytes.TrimLeft(p, " \t\r\n"); m.first == 0 && len(text) > 0 {
		m.first = text[0]
	}
	m.Members.Feed(p)
}

// Holds implements provider.Meter.
func (m *objectMeter) Holds() int { return m.Members.Holds() + cap(m.failure) + m.holds() }

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
	i := &m.tools.images
	m.tools = tools{images: images{model: i.model, each: i.each}}
	if m.images {
		m.estimate()
		return m.end(m.Complete())
	}
	m.items(m.Value("output"))
	m.toolUsage(m.Value("tool_usage"))
	if m.told {
		m.Told() // all of it has come
	}
	return m.end(m.Complete())
}

// items looks at what a Responses answer consists of. What it is without its images tells how long its text is.
func (m *objectMeter) items(output []byte) {
	if m.text {
		m.Output = m.fed
	}
	switch unread := output == nil && m.text; {
	case unread && m.painter && !m.told:
		m.Output, m.tools.images.begun = min(m.fed, longText), 1
	case unread && m.fed > tooLong:
		m.Count.Question("the answer was too long to be looked through: what its tools cost may be missing")
	}
	s := jsonscan.Array(output)
	for s.Next() {
		if m.tools.see(s.Value); jsonscan.Equal(jsonscan.Get(s.Value, "type"), "image_generation_call") {
			m.Output = max(m.Output-int64(len(s.Value)), 0)
		}
	}
}

const (
	// tooLong is how long the items of an answer may be together to be looked through.
	tooLong = 1 << 20
	// longText is more than an answer with an image usually says.
	longText = 64 << 10
)

// estimate counts the images of an answer without a usage: as many as were asked for. One that was cut has been paid for too.
func (m *objectMeter) estimate() {
	if m.told || m.first != '{' || m.Failure() != nil {
		return
	}
	i := &m.tools.images
	if quality, size := provider.Word(m.Value("quality")), provider.Word(m.Value("size")); quality+size != "" && i.each > 0 {
		i.each = tokensOf(quality, size)
	}
	i.made, i.untold = m.asked, m.asked*i.each
}
