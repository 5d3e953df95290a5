package anthropic

import (
	"encoding/json"

	"crs/internal/usage"
	"crs/lab/simulator/provider"
)

// Message is an answer to /v1/messages, as JSON or as a stream.
type Message struct {
	Tokens usage.Tokens
	Model  string
	Prefix string // of its id
	// Last are members of the last event, at Bedrock.
	Last []any

	call  *provider.Call
	step  *provider.Step
	text  string
	frame func(name string, data []byte) []byte
	out   provider.Emitter // of a stream
	block int              // the content block it is at
}

// NewMessage makes the answer that a step asks for.
func NewMessage(c *provider.Call, st *provider.Step, u usage.Tokens) *Message {
	m := &Message{call: c, step: st, text: st.Text(&c.Prompt), Tokens: st.Billed(u), Model: c.Prompt.Model, Prefix: "msg_"}
	m.Tokens.Reasoning = 0 // nothing in the answer tells it
	return m
}

// AnswerMessages answers a prompt.
func (a *API) AnswerMessages(c *provider.Call, st *provider.Step) provider.Reply {
	return NewMessage(c, st, a.Usage).Reply(header(c, st))
}

// Reply is the answer with it, a stream for whoever asked for one.
func (m *Message) Reply(header string) provider.Reply {
	r := provider.Answered(header, nil)
	r.Tokens = m.Tokens
	if m.call.Prompt.Stream {
		r.Content, r.Stream, r.Trouble = provider.EventsType, m.Stream(provider.SSE), trouble
		return r
	}
	r.Body = m.Whole()
	return r
}

// Whole renders the whole message as JSON.
func (m *Message) Whole() []byte {
	var blocks []json.RawMessage
	if m.step.Thinking {
		blocks = append(blocks, provider.Object("type", "thinking", "thinking", provider.Thoughts, "signature", provider.Signature))
	}
	blocks = append(blocks, provider.Object("type", "text", "text", m.text))
	if m.step.Tool {
		blocks = append(blocks, m.tool(json.RawMessage(provider.ToolInput)))
	}
	return m.object(provider.List(blocks...), m.stopReason(), m.Tokens.Output)
}

// object renders a message, whole or as it begins.
func (m *Message) object(content json.RawMessage, stopReason any, output int64) json.RawMessage {
	t := m.Tokens
	figures := append(m.input(),
		"cache_creation", provider.Object("ephemeral_5m_input_tokens", t.CacheWrite, "ephemeral_1h_input_tokens", t.CacheWrite1h),
		"output_tokens", output, "service_tier", "standard")
	return provider.Object("id", m.call.ID(m.Prefix), "type", "message", "role", "assistant", "model", m.Model, "content", content,
		"stop_reason", stopReason, "stop_sequence", nil, "usage", provider.Object(figures...))
}

func (m *Message) tool(input json.RawMessage) json.RawMessage {
	return provider.Object("type", "tool_use", "id", m.call.ID("toolu_"), "name", provider.ToolName, "input", input)
}

func (m *Message) stopReason() string {
	if m.step.Tool {
		return "tool_use"
	}
	return "end_turn"
}

// input are the members of a usage object that are about the prompt.
func (m *Message) input() []any {
	t := m.Tokens
	return []any{
		"input_tokens", t.Input, "cache_creation_input_tokens", t.CacheWrite + t.CacheWrite1h, "cache_read_input_tokens", t.CacheRead,
	}
}
