package simulator

import (
	"strconv"

	"crs/internal/usage"
)

// candidate is an answer that Gemini generates, as JSON or as a stream.
type candidate struct {
	call    *call
	step    *step
	text    string
	tokens  usage.Tokens
	wrapped bool // as Code Assist does
	list    bool // the stream is a JSON array, not events

	out  *sender // of a stream
	done int64   // tokens of output so far
	over bool    // nothing more is wanted
}

// geminiTokens is what an answer bills: there is no writing to a cache, and thinking is told.
func geminiTokens(st *step, u usage.Tokens) usage.Tokens {
	t := st.tokens(u)
	t.CacheWrite, t.CacheWrite1h = 0, 0
	if st.thinking && !st.bill[reasoningFigure].given {
		t.Reasoning = t.Output / 2
	}
	t.Reasoning = min(t.Reasoning, t.Output)
	return t
}

func (a *gemini) answerWhole(c *call, st *step) reply {
	return candidate{call: c, step: st, tokens: geminiTokens(st, a.usage)}.whole()
}

func (a *gemini) answerStream(c *call, st *step) reply {
	return candidate{call: c, step: st, tokens: geminiTokens(st, a.usage), list: !c.wantsEvents()}.streamed()
}

// wantsEvents tells a stream of events from one that is a JSON array.
func (c *call) wantsEvents() bool { return string(c.parameter("alt")) == "sse" }

// whole renders the answer as JSON.
func (m candidate) whole() reply {
	m.text = m.step.text(&m.call.prompt)
	b := m.open(m.call.scratch)
	if m.step.thinking {
		b = append(appendThought(b, thoughts), ',')
	}
	b = appendTextPart(b, m.text)
	if m.step.tool {
		b = m.appendCall(append(b, ','))
	}
	b = m.close(b, m.tokens.Output, true)
	return reply{status: 200, content: googleJSON, fields: googleFields, tokens: m.tokens, body: m.call.keep(b)}
}

func (m candidate) streamed() reply {
	m.text = m.step.text(&m.call.prompt)
	m.call.prompt.stream = true
	r := reply{status: 200, content: "text/event-stream", fields: googleFields, tokens: m.tokens, stream: &m}
	if m.list {
		r.content = googleJSON
	}
	return r
}

// open renders what comes before the parts.
func (m *candidate) open(b []byte) []byte {
	if m.wrapped {
		b = append(b, `{"response":`...)
	}
	return append(b, `{"candidates":[{"content":{"parts":[`...)
}

// close renders what comes after them, with the figures as they are when so many tokens of output have been sent.
func (m *candidate) close(b []byte, output int64, last bool) []byte {
	b = append(b, `],"role":"model"},`...)
	if last {
		b = append(b, `"finishReason":"STOP",`...)
	}
	b = append(b, `"index":0}],"usageMetadata":`...)
	b = m.appendUsage(b, output)
	b = append(b, `,"modelVersion":`...)
	b = append(b, m.call.prompt.model...)
	b = append(b, `,"responseId":"`...)
	b = appendID(b, "", m.call.number)
	b = append(b, `"}`...)
	if m.wrapped {
		b = append(b, `,"traceId":"`...)
		b = append(appendID(b, "trace", m.call.number), `"}`...)
	}
	return b
}

func appendTextPart(b []byte, text string) []byte {
	b = append(b, `{"text":`...)
	return append(appendText(b, text), '}')
}

func appendThought(b []byte, text string) []byte {
	b = append(b, `{"text":`...)
	return append(appendText(b, text), `,"thought":true}`...)
}

// appendCall renders the call of a tool, which comes in one piece, and signed when there was thinking before it.
func (m *candidate) appendCall(b []byte) []byte {
	b = append(b, `{"functionCall":{"name":"`+ToolName+`","args":`+ToolInput+`}`...)
	if m.step.thinking {
		b = append(b, `,"thoughtSignature":"`+signature+`"`...)
	}
	return append(b, '}')
}

// appendUsage renders the figures: the prompt with what was cached of it, the output without the thinking. What is zero is
// left out.
func (m *candidate) appendUsage(b []byte, output int64) []byte {
	prompt, thought := m.tokens.Prompt(), min(m.tokens.Reasoning, output)
	b = append(b, `{"promptTokenCount":`...)
	b = strconv.AppendInt(b, prompt, 10)
	if output > thought {
		b = append(b, `,"candidatesTokenCount":`...)
		b = strconv.AppendInt(b, output-thought, 10)
	}
	b = append(b, `,"totalTokenCount":`...)
	b = strconv.AppendInt(b, prompt+output, 10)
	if m.tokens.CacheRead > 0 {
		b = append(b, `,"cachedContentTokenCount":`...)
		b = strconv.AppendInt(b, m.tokens.CacheRead, 10)
		b = appendModality(append(b, `,"cacheTokensDetails":`...), m.tokens.CacheRead)
	}
	b = appendModality(append(b, `,"promptTokensDetails":`...), prompt)
	if thought > 0 {
		b = append(b, `,"thoughtsTokenCount":`...)
		b = strconv.AppendInt(b, thought, 10)
	}
	return append(b, '}')
}

func appendModality(b []byte, n int64) []byte {
	b = append(b, `[{"modality":"TEXT","tokenCount":`...)
	b = strconv.AppendInt(b, n, 10)
	return append(b, "}]"...)
}
