package simulator

// events sends the completion as a stream.
func (m *chat) events(out *sender) {
	m.out = out
	switch {
	case m.plain:
		m.speakPlain()
	default:
		m.converse()
	}
	if m.call.asked.usage {
		b := append(m.chunk(), `,"choices":[],"usage":`...)
		m.emit(append(appendChatUsage(b, m.tokens), '}'), false)
	}
	m.emit(append(m.call.event[:0], "data: [DONE]"...), false)
}

// converse sends the deltas of a message.
func (m *chat) converse() {
	if m.azure {
		m.emit(append(m.call.event[:0], `data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":`+promptFilter+`}`...), false)
	}
	m.delta(append(m.open(), `{"role":"assistant","content":"","refusal":null}`...), "", false)
	if m.step.thinking {
		m.deltas("reasoning_content", thoughts, 2)
	}
	m.deltas("content", m.text, m.step.pieces(m.text))
	if m.step.tool {
		m.callTool()
	}
	m.delta(append(m.open(), `{}`...), m.finish(), false)
}

// deltas sends text in n parts, as a field of deltas.
func (m *chat) deltas(field, text string, n int) {
	for i := 0; i < n && !m.over; i++ {
		b := append(m.open(), '{', '"')
		b = append(b, field...)
		b = append(b, '"', ':')
		b = appendText(b, piece(text, i, n))
		m.delta(append(b, '}'), "", true)
	}
}

// callTool sends the call's name, and then what it is called with.
func (m *chat) callTool() {
	b := append(m.open(), `{"tool_calls":[{"index":0,"id":"`...)
	b = appendID(b, "call_", m.call.number)
	m.delta(append(b, `","type":"function","function":{"name":"`+ToolName+`","arguments":""}}]}`...), "", true)
	const n = 2
	for i := 0; i < n && !m.over; i++ {
		b := append(m.open(), `{"tool_calls":[{"index":0,"function":{"arguments":`...)
		b = appendText(b, piece(ToolInput, i, n))
		m.delta(append(b, `}}]}`...), "", true)
	}
}

func (m *chat) speakPlain() {
	n := m.step.pieces(m.text)
	for i := 0; i < n && !m.over; i++ {
		b := append(m.chunk(), `,"choices":[`...)
		m.emit(m.pending(append(m.appendTextChoice(b, piece(m.text, i, n), ""), ']')), true)
	}
	b := append(m.chunk(), `,"choices":[`...)
	m.emit(m.pending(append(m.appendTextChoice(b, "", m.finish()), ']')), false)
}

// chunk begins an event.
func (m *chat) chunk() []byte {
	return m.appendHead(append(m.call.event[:0], "data: "...), "chat.completion.chunk")
}

// open begins an event with a delta, which the caller adds and delta sends.
func (m *chat) open() []byte { return append(m.chunk(), `,"choices":[{"index":0,"delta":`...) }

// delta sends what open began.
func (m *chat) delta(b []byte, finish string, content bool) {
	b = appendFinish(append(b, `,"logprobs":null`...), finish)
	switch {
	case m.azure && content:
		b = append(b, `,"content_filter_results":`+contentFilter...)
	case m.azure:
		b = append(b, `,"content_filter_results":{}`...)
	}
	m.emit(m.pending(append(b, `}]`...)), content)
}

// pending ends an event before the last: whoever asked for the usage is told that it is still to come.
func (m *chat) pending(b []byte) []byte {
	if m.call.asked.usage {
		b = append(b, `,"usage":null`...)
	}
	return append(b, '}')
}

// emit sends an event, unless an earlier one was the last that anybody wanted.
func (m *chat) emit(b []byte, content bool) {
	b = append(b, "\n\n"...)
	m.call.event = b // it may have grown
	if !m.over {
		m.over = !m.out.event(b, content)
	}
}

// trouble renders what tells of a failure.
func (m *chat) trouble(f openAIFailure) []byte {
	b := appendError([]byte(`data: {"error":`), f.on(m.call, m.step, nil))
	return append(b, "}\n\n"...)
}
