package openai

import (
	"encoding/json"

	"crs/lab/simulator/provider"
)

// stream gives the response event by event.
func (m *response) stream(yield func(provider.Event) bool) {
	m.out = provider.Emitter{Yield: yield}
	m.emit(false, "response.created", "response", m.object("in_progress", nil))
	m.emit(false, "response.in_progress", "response", m.object("in_progress", nil))
	if m.step.Thinking {
		m.think()
	}
	m.speak()
	if m.step.Tool {
		m.callTool()
	}
	m.emit(false, "response.completed", "response", m.object("completed", nil))
}

func (m *response) think() {
	const part, name = "response.reasoning_summary_part.", "response.reasoning_summary_text."
	m.about("response.output_item.added", m.thought(false))
	m.part(false, part+"added", "rs_", "summary_index", "part", summaryPart(""))
	m.deltas(name+"delta", "rs_", "summary_index", provider.Thoughts, 2)
	m.part(false, name+"done", "rs_", "summary_index", "text", provider.Thoughts)
	m.part(false, part+"done", "rs_", "summary_index", "part", summaryPart(provider.Thoughts))
	m.done(m.thought(true))
}

func (m *response) speak() {
	m.about("response.output_item.added", m.message(false))
	m.part(false, "response.content_part.added", "msg_", "content_index", "part", textPart(""))
	m.deltas("response.output_text.delta", "msg_", "content_index", m.text, m.step.Pieces(m.text))
	m.part(false, "response.output_text.done", "msg_", "content_index", "text", m.text, "logprobs", provider.List[any]())
	m.part(false, "response.content_part.done", "msg_", "content_index", "part", textPart(m.text))
	m.done(m.message(true))
}

func (m *response) callTool() {
	m.about("response.output_item.added", m.toolCall(false))
	m.deltas("response.function_call_arguments.delta", "fc_", "", provider.ToolInput, 2)
	m.part(false, "response.function_call_arguments.done", "fc_", "", "arguments", provider.ToolInput)
	m.done(m.toolCall(true))
}

// deltas sends text in n parts.
func (m *response) deltas(name, id, index, text string, n int) {
	for i := 0; i < n && !m.out.Over; i++ {
		m.part(true, name, id, index, "delta", provider.Piece(text, i, n), "logprobs", provider.If(index == "content_index", provider.List[any]()))
	}
}

// part sends an event about a part of the current item, whose identifier begins with id. index is what the number of the
// part is called, "" where items have no parts.
func (m *response) part(content bool, name, id, index string, members ...any) {
	head := []any{"item_id", m.call.ID(id), "output_index", m.item, index, provider.If(index != "", 0)}
	m.emit(content, name, append(head, members...)...)
}

// about sends an event about the current item as a whole.
func (m *response) about(name string, item json.RawMessage) {
	m.emit(false, name, "output_index", m.item, "item", item)
}

// done ends the current item.
func (m *response) done(item json.RawMessage) {
	m.about("response.output_item.done", item)
	m.item++
}

func (m *response) emit(content bool, name string, members ...any) {
	if !m.out.Over {
		m.out.Send(numbered(name, m.sequence, members...), content)
		m.sequence++
	}
}

func numbered(name string, sequence int, members ...any) []byte {
	return provider.SSE(name, provider.Object(append([]any{"type", name, "sequence_number", sequence}, members...)...))
}

// trouble renders the event that tells of a failure, which comes in three forms: response.failed, the error event that
// the real one sends, and the one that its documentation has.
func (m *response) trouble(kind string) []byte {
	f := findError(kind, m.tables...)
	code := f.Code
	if code == "" { // inside a stream there is always one
		code = f.Kind
	}
	switch message := f.says(m.call, m.step); m.step.Form {
	case "event":
		return numbered("error", m.call.Sent, "error", ErrorObject(f.On(m.call, m.step, "")))
	case "flat":
		return numbered("error", m.call.Sent, "code", code, "message", message, "param", nil)
	default:
		return numbered("response.failed", m.call.Sent, "response", m.object("failed", provider.Object("code", code, "message", message)))
	}
}
