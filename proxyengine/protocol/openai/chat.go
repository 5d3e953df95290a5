package openai

import (
	"bytes"

	"crs/internal/jsonscan"
	"crs/internal/sse"
)

// chatMeter counts a stream of chat or legacy completions.
type chatMeter struct {
	stream
	finished  bool // a choice has said why it ended
	usageOnly bool // the event before held figures and nothing else
}

func (m *chatMeter) event(e sse.Event) {
	m.usageOnly, m.Begun = false, m.Begun || e.Truncated // what is as long as that is content
	if string(e.Data) == "[DONE]" {
		m.Stopped = true
		return
	}
	var choices, figures, problem, model, tier []byte
	s := jsonscan.Top(e.Data)
	for s.Next() { // most of a stream comes by here: a walk costs less than to look for each
		switch string(s.Key) {
		case "choices":
			choices = s.Value
		case "usage":
			figures = s.Value
		case "error":
			problem = s.Value
		case "model":
			model = s.Value
		case "service_tier":
			tier = s.Value
		}
	}
	if given(problem) || string(e.Name) == "error" {
		m.Fail(e.Data)
	}
	m.choice(choices)
	if m.says(model, tier, figures) {
		m.usageOnly = s.Err() == nil && isEmpty(choices)
		m.Stopped = m.Stopped || m.finished // some gateways leave [DONE] out
	}
}

// choice looks at the first one; of several, each comes in a chunk of its own.
func (m *chatMeter) choice(choices []byte) {
	if len(choices) < 3 || choices[0] != '[' {
		return
	}
	s := jsonscan.Top(choices[1 : len(choices)-1])
	for s.Next() {
		switch string(s.Key) {
		case "delta":
			m.delta(s.Value)
		case "text":
			m.said(s.Value)
		case "finish_reason":
			if given(s.Value) {
				m.Begun, m.finished = true, true
			}
		}
	}
}

// delta: who speaks is no content, and neither is an empty text.
func (m *chatMeter) delta(delta []byte) {
	s := jsonscan.Top(delta)
	for s.Next() {
		if string(s.Key) != "role" {
			m.said(s.Value)
		}
	}
}

func (m *chatMeter) said(value []byte) {
	if !given(value) || isEmpty(value) {
		return
	}
	m.Begun = true
	m.Output += int64(len(value) - len(`""`))
}

// isEmpty reports whether a raw value is an array without elements.
func isEmpty(value []byte) bool {
	n := len(value)
	return n >= 2 && value[0] == '[' && value[n-1] == ']' && len(bytes.TrimSpace(value[1:n-1])) == 0
}
