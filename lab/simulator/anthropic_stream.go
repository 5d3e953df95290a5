package simulator

import "strconv"

// events sends the message as a stream.
func (m *message) events(out *sender) {
	m.out = out
	m.start()
	m.emit(m.event("ping"), false)
	if m.step.thinking {
		m.think()
	}
	m.speak()
	if m.step.tool {
		m.callTool()
	}
	m.finish()
}

func (m *message) start() {
	b := append(m.event("message_start"), `,"message":`...)
	b = m.appendHead(b)
	b = append(b, `],"stop_reason":null,"stop_sequence":null,"usage":`...)
	m.emit(append(m.appendUsage(b, 1), '}'), false)
}

func (m *message) think() {
	m.open(`{"type":"thinking","thinking":"","signature":""}`)
	m.deltas("thinking_delta", "thinking", thoughts, 2)
	m.deltas("signature_delta", "signature", signature, 1)
	m.close()
}

func (m *message) speak() {
	m.open(`{"type":"text","text":""}`)
	m.deltas("text_delta", "text", m.text, m.step.pieces(m.text))
	m.close()
}

func (m *message) callTool() {
	b := append(m.blockEvent("content_block_start"), `,"content_block":`...)
	m.emit(append(m.appendTool(b), `{}}`...), false)
	m.deltas("input_json_delta", "partial_json", "", 1)
	m.deltas("input_json_delta", "partial_json", ToolInput, 2)
	m.close()
}

func (m *message) finish() {
	b := append(m.event("message_delta"), `,"delta":{"stop_reason":"`...)
	b = append(b, m.stopReason()...)
	b = append(b, `","stop_sequence":null},"usage":{`...)
	b = append(m.appendInput(b), `,"output_tokens":`...)
	b = strconv.AppendInt(b, m.tokens.Output, 10)
	m.emit(append(b, '}'), false)
	b = m.event("message_stop")
	if m.frames != nil {
		b = m.appendMetrics(b)
	}
	m.emit(b, false)
}

func (m *message) open(block string) {
	b := append(m.blockEvent("content_block_start"), `,"content_block":`...)
	m.emit(append(b, block...), false)
}

func (m *message) close() {
	m.emit(m.blockEvent("content_block_stop"), false)
	m.block++
}

// deltas sends text in n parts, as the field of deltas of a type.
func (m *message) deltas(kind, field, text string, n int) {
	for i := 0; i < n && !m.over; i++ {
		b := append(m.blockEvent("content_block_delta"), `,"delta":{"type":"`...)
		b = append(b, kind...)
		b = append(b, `","`...)
		b = append(b, field...)
		b = append(b, `":`...)
		b = appendText(b, piece(text, i, n))
		m.emit(append(b, '}'), true)
	}
}

// event begins an event; the closing brace is emit's.
func (m *message) event(name string) []byte {
	b := append(m.call.event[:0], "event: "...)
	b = append(b, name...)
	b = append(b, "\ndata: {\"type\":\""...)
	b = append(b, name...)
	return append(b, '"')
}

// blockEvent begins an event of the current block.
func (m *message) blockEvent(name string) []byte {
	b := append(m.event(name), `,"index":`...)
	return strconv.AppendInt(b, int64(m.block), 10)
}

// emit sends an event, unless an earlier one was the last that anybody wanted.
func (m *message) emit(b []byte, content bool) {
	b = append(b, "}\n\n"...)
	m.call.event = b // it may have grown
	if m.frames != nil {
		b = m.frames.wrap(b, m.out)
	}
	if !m.over {
		m.over = !m.out.event(b, content)
	}
}
