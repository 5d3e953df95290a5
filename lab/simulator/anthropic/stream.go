package anthropic

import (
	"encoding/json"
	"iter"

	"crs/lab/simulator/provider"
)

// Stream gives the message event by event; frame makes one of its name and its data.
func (m *Message) Stream(frame func(name string, data []byte) []byte) iter.Seq[provider.Event] {
	return func(yield func(provider.Event) bool) {
		m.frame, m.out = frame, provider.Emitter{Yield: yield}
		m.emit("message_start", false, "message", m.object(provider.List[any](), nil, 1))
		m.emit("ping", false)
		if m.step.Thinking {
			m.think()
		}
		m.open(provider.Object("type", "text", "text", ""))
		m.deltas("text_delta", "text", m.text, m.step.Pieces(m.text))
		m.close()
		if m.step.Tool {
			m.open(m.tool(json.RawMessage(`{}`)))
			m.deltas("input_json_delta", "partial_json", "", 1)
			m.deltas("input_json_delta", "partial_json", provider.ToolInput, 2)
			m.close()
		}
		m.finish()
	}
}

func (m *Message) think() {
	m.open(provider.Object("type", "thinking", "thinking", "", "signature", ""))
	m.deltas("thinking_delta", "thinking", provider.Thoughts, 2)
	m.deltas("signature_delta", "signature", provider.Signature, 1)
	m.close()
}

func (m *Message) finish() {
	m.emit("message_delta", false, "delta", provider.Object("stop_reason", m.stopReason(), "stop_sequence", nil),
		"usage", provider.Object(append(m.input(), "output_tokens", m.Tokens.Output)...))
	m.emit("message_stop", false, m.Last...)
}

func (m *Message) open(block json.RawMessage) {
	m.emit("content_block_start", false, "index", m.block, "content_block", block)
}

func (m *Message) close() {
	m.emit("content_block_stop", false, "index", m.block)
	m.block++
}

// deltas sends text in n parts, as the field of deltas of a type.
func (m *Message) deltas(kind, field, text string, n int) {
	for i := 0; i < n && !m.out.Over; i++ {
		m.emit("content_block_delta", true, "index", m.block, "delta", provider.Object("type", kind, field, provider.Piece(text, i, n)))
	}
}

func (m *Message) emit(name string, content bool, members ...any) {
	if !m.out.Over {
		m.out.Send(m.frame(name, provider.Object(append([]any{"type", name}, members...)...)), content)
	}
}
