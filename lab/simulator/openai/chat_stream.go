package openai

import (
	"encoding/json"

	"crs/lab/simulator/provider"
)

// stream gives the completion event by event.
func (m Chat) stream(yield func(provider.Event) bool) {
	m.out = provider.Emitter{Yield: yield}
	if m.Plain {
		m.speak()
	} else {
		m.converse()
	}
	if of(m.call).usage {
		m.emit(false, m.chunk("choices", provider.List[any](), "usage", m.usage()))
	}
	m.emit(false, []byte("[DONE]"))
}

func (m *Chat) speak() {
	for i, n := 0, m.step.Pieces(m.text); i < n && !m.out.Over; i++ {
		m.choose(true, m.textChoice(provider.Piece(m.text, i, n), ""))
	}
	m.choose(false, m.textChoice("", m.finish()))
}

// converse sends the deltas of a message.
func (m *Chat) converse() {
	if m.PromptFilter != nil {
		m.emit(false, provider.Object("choices", provider.List[any](), "created", 0, "id", "", "model", "", "object", "", "prompt_filter_results", m.PromptFilter))
	}
	m.delta(false, "", "role", "assistant", "content", "", "refusal", nil)
	if m.step.Thinking {
		m.deltas("reasoning_content", provider.Thoughts, 2)
	}
	m.deltas("content", m.text, m.step.Pieces(m.text))
	if m.step.Tool {
		m.callTool()
	}
	m.delta(false, m.finish())
}

// deltas sends text in n parts, as a field of deltas.
func (m *Chat) deltas(field, text string, n int) {
	for i := 0; i < n && !m.out.Over; i++ {
		m.delta(true, "", field, provider.Piece(text, i, n))
	}
}

// callTool sends the call's name, and then what it is called with.
func (m *Chat) callTool() {
	named := provider.Object("name", provider.ToolName, "arguments", "")
	m.delta(true, "", "tool_calls", provider.List(provider.Object("index", 0, "id", m.call.ID("call_"), "type", "function", "function", named)))
	for i := range 2 {
		part := provider.Object("arguments", provider.Piece(provider.ToolInput, i, 2))
		m.delta(true, "", "tool_calls", provider.List(provider.Object("index", 0, "function", part)))
	}
}

// delta sends a delta with these members.
func (m *Chat) delta(content bool, finish string, members ...any) {
	filter := m.Filter
	if !content {
		filter = json.RawMessage(`{}`)
	}
	m.choose(content, provider.Object("index", 0, "delta", provider.Object(members...), "logprobs", nil,
		"finish_reason", provider.OrNull(finish), "content_filter_results", provider.If(m.Filter != nil, filter)))
}

// choose sends a choice. Whoever asked for the usage is told that it is still to come.
func (m *Chat) choose(content bool, choice json.RawMessage) {
	m.emit(content, m.chunk("choices", provider.List(choice), "usage", provider.If(of(m.call).usage, nil)))
}

func (m *Chat) chunk(members ...any) []byte {
	return provider.Object(append(m.head("chat.completion.chunk"), members...)...)
}

func (m *Chat) emit(content bool, data []byte) { m.out.Send(provider.SSE("", data), content) }

// trouble renders what tells of a failure.
func (m *Chat) trouble(kind string) []byte {
	return provider.SSE("", provider.Object("error", ErrorObject(findError(kind, Failures()).On(m.call, m.step, ""))))
}
