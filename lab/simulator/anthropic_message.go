package simulator

import (
	"strconv"

	"crs/internal/usage"
)

// message is an answer to /v1/messages, as JSON or as a stream.
type message struct {
	call   *call
	step   *step
	text   string
	tokens usage.Tokens
	model  []byte  // with its quotes
	prefix string  // of its id
	frames *frames // what events are put into, at Bedrock

	out   *sender // of a stream
	block int     // the content block it is at
	over  bool    // nothing more is wanted
}

// What the optional blocks of an answer contain.
const (
	// ToolName is the tool that a step with "tool" calls, and ToolInput what it calls it with.
	ToolName  = "Read"
	ToolInput = `{"file_path":"/tmp/simulated.txt"}`

	thoughts  = "Let me think — the user wants an answer, and this one is simulated."
	signature = "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrzLoky3dl1pkiMOYds"
)

func newMessage(c *call, st *step, u usage.Tokens) message {
	m := message{call: c, step: st, text: st.text(&c.prompt), tokens: st.tokens(u), model: c.prompt.model, prefix: "msg_"}
	m.tokens.Reasoning = 0 // nothing in the answer tells it
	return m
}

func (a *anthropic) answerMessages(c *call, st *step) reply {
	m := newMessage(c, st, a.usage)
	r := reply{status: 200, content: jsonType, fields: a.fields(c, st), tokens: m.tokens}
	if c.prompt.stream {
		streamed := m // so that only streams cost an allocation
		r.content, r.stream = eventsType, &streamed
		return r
	}
	r.body = c.keep(m.append(c.scratch))
	return r
}

// append renders the whole message as JSON.
func (m *message) append(b []byte) []byte {
	b = m.appendHead(b)
	if m.step.thinking {
		b = append(b, `{"type":"thinking","thinking":`...)
		b = appendText(b, thoughts)
		b = append(b, `,"signature":"`+signature+`"},`...)
	}
	b = append(b, `{"type":"text","text":`...)
	b = appendText(b, m.text)
	b = append(b, '}')
	if m.step.tool {
		b = append(m.appendTool(append(b, ',')), ToolInput...)
		b = append(b, '}')
	}
	b = append(b, `],"stop_reason":"`...)
	b = append(b, m.stopReason()...)
	b = append(b, `","stop_sequence":null,"usage":`...)
	b = m.appendUsage(b, m.tokens.Output)
	return append(b, '}')
}

// appendHead renders what comes before the content blocks.
func (m *message) appendHead(b []byte) []byte {
	b = append(b, `{"id":"`...)
	b = appendID(b, m.prefix, m.call.number)
	b = append(b, `","type":"message","role":"assistant","model":`...)
	b = append(b, m.model...)
	return append(b, `,"content":[`...)
}

// appendTool renders a tool call up to its input.
func (m *message) appendTool(b []byte) []byte {
	b = append(b, `{"type":"tool_use","id":"`...)
	b = appendID(b, "toolu_", m.call.number)
	return append(b, `","name":"`+ToolName+`","input":`...)
}

func (m *message) stopReason() string {
	if m.step.tool {
		return "tool_use"
	}
	return "end_turn"
}

// appendUsage renders the usage object of a whole message, or of the start of a stream.
func (m *message) appendUsage(b []byte, output int64) []byte {
	b = m.appendInput(append(b, '{'))
	b = append(b, `,"cache_creation":{"ephemeral_5m_input_tokens":`...)
	b = strconv.AppendInt(b, m.tokens.CacheWrite, 10)
	b = append(b, `,"ephemeral_1h_input_tokens":`...)
	b = strconv.AppendInt(b, m.tokens.CacheWrite1h, 10)
	b = append(b, `},"output_tokens":`...)
	b = strconv.AppendInt(b, output, 10)
	return append(b, `,"service_tier":"standard"}`...)
}

func (m *message) appendInput(b []byte) []byte {
	b = append(b, `"input_tokens":`...)
	b = strconv.AppendInt(b, m.tokens.Input, 10)
	b = append(b, `,"cache_creation_input_tokens":`...)
	b = strconv.AppendInt(b, m.tokens.CacheWrite+m.tokens.CacheWrite1h, 10)
	b = append(b, `,"cache_read_input_tokens":`...)
	return strconv.AppendInt(b, m.tokens.CacheRead, 10)
}
