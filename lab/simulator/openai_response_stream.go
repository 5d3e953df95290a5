package simulator

import "strconv"

// events sends the response as a stream.
func (m *response) events(out *sender) {
	m.out = out
	m.lifecycle("response.created", "in_progress")
	m.lifecycle("response.in_progress", "in_progress")
	if m.step.thinking {
		m.think()
	}
	m.speak()
	if m.step.tool {
		m.callTool()
	}
	m.lifecycle("response.completed", "completed")
}

// lifecycle sends an event with the whole object.
func (m *response) lifecycle(name, state string) {
	if m.over {
		return
	}
	b := append(m.event(name), `,"response":`...)
	m.emit(m.append(b, state), false)
}

func (m *response) think() {
	m.emit(m.appendThought(m.outputEvent("response.output_item.added"), false), false)
	m.emit(append(m.partEvent("response.reasoning_summary_part.added", "rs_", "summary_index"), `,"part":{"type":"summary_text","text":""}`...), false)
	m.deltas("response.reasoning_summary_text.delta", "rs_", "summary_index", thoughts, 2)
	b := append(m.partEvent("response.reasoning_summary_text.done", "rs_", "summary_index"), `,"text":`...)
	m.emit(appendText(b, thoughts), false)
	b = append(m.partEvent("response.reasoning_summary_part.done", "rs_", "summary_index"), `,"part":{"type":"summary_text","text":`...)
	m.emit(append(appendText(b, thoughts), '}'), false)
	m.emit(m.appendThought(m.outputEvent("response.output_item.done"), true), false)
	m.item++
}

func (m *response) speak() {
	m.emit(m.appendMessage(m.outputEvent("response.output_item.added"), false), false)
	b := append(m.partEvent("response.content_part.added", "msg_", "content_index"), `,"part":`...)
	m.emit(appendPart(b, ""), false)
	m.deltas("response.output_text.delta", "msg_", "content_index", m.text, m.step.pieces(m.text))
	b = append(m.partEvent("response.output_text.done", "msg_", "content_index"), `,"text":`...)
	m.emit(append(appendText(b, m.text), `,"logprobs":[]`...), false)
	b = append(m.partEvent("response.content_part.done", "msg_", "content_index"), `,"part":`...)
	m.emit(appendPart(b, m.text), false)
	m.emit(m.appendMessage(m.outputEvent("response.output_item.done"), true), false)
	m.item++
}

func (m *response) callTool() {
	m.emit(m.appendCall(m.outputEvent("response.output_item.added"), false), false)
	m.deltas("response.function_call_arguments.delta", "fc_", "", ToolInput, 2)
	b := append(m.partEvent("response.function_call_arguments.done", "fc_", ""), `,"arguments":`...)
	m.emit(appendText(b, ToolInput), false)
	m.emit(m.appendCall(m.outputEvent("response.output_item.done"), true), false)
	m.item++
}

// deltas sends text in n parts.
func (m *response) deltas(name, id, index, text string, n int) {
	for i := 0; i < n && !m.over; i++ {
		b := append(m.partEvent(name, id, index), `,"delta":`...)
		b = appendText(b, piece(text, i, n))
		if index == "content_index" {
			b = append(b, `,"logprobs":[]`...)
		}
		m.emit(b, true)
	}
}

// event begins an event; the closing brace is emit's.
func (m *response) event(name string) []byte { return appendEvent(m.call.event[:0], name, m.sequence) }

func appendEvent(b []byte, name string, sequence int64) []byte {
	b = append(b, "event: "...)
	b = append(b, name...)
	b = append(b, "\ndata: {\"type\":\""...)
	b = append(b, name...)
	b = append(b, `","sequence_number":`...)
	return strconv.AppendInt(b, sequence, 10)
}

// outputEvent begins an event about the current item as a whole.
func (m *response) outputEvent(name string) []byte {
	b := append(m.event(name), `,"output_index":`...)
	b = strconv.AppendInt(b, m.item, 10)
	return append(b, `,"item":`...)
}

// partEvent begins an event about a part of the current item, whose identifier begins with id. index is what the number
// of the part is called, "" where items have no parts.
func (m *response) partEvent(name, id, index string) []byte {
	b := append(m.event(name), `,"item_id":"`...)
	b = appendID(b, id, m.call.number)
	b = append(b, `","output_index":`...)
	b = strconv.AppendInt(b, m.item, 10)
	if index != "" {
		b = append(b, ',', '"')
		b = append(b, index...)
		b = append(b, `":0`...)
	}
	return b
}

// emit sends an event, unless an earlier one was the last that anybody wanted.
func (m *response) emit(b []byte, content bool) {
	b = append(b, "}\n\n"...)
	m.call.event = b // it may have grown
	if m.over {
		return
	}
	m.over = !m.out.event(b, content)
	m.sequence++
	if m.step.verb == vError {
		m.out.fault = m.trouble(m.fails) // with the number that it would have next
	}
}

// trouble renders the event that tells of a failure, which comes in three forms: response.failed, the error event that
// the real one sends, and the one that its documentation has.
func (m *response) trouble(f openAIFailure) []byte {
	m.fails = f
	switch m.step.form {
	case "event":
		b := append(appendEvent(nil, "error", m.sequence), `,"error":`...)
		return append(appendError(b, f.on(m.call, m.step, nil)), "}\n\n"...)
	case "flat":
		b := append(appendEvent(nil, "error", m.sequence), `,"code":`...)
		b = appendText(b, f.streamCode())
		b = append(b, `,"message":`...)
		b = appendText(b, f.says(m.call, m.step))
		return append(b, ",\"param\":null}\n\n"...)
	}
	b := append(appendEvent(nil, "response.failed", m.sequence), `,"response":`...)
	return append(m.append(b, "failed"), "}\n\n"...)
}
