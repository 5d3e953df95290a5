package simulator

// events sends the answer as a stream. Each event tells the tokens so far, the last has them all.
func (m *candidate) events(out *sender) {
	m.out = out
	if m.step.thinking {
		for i := 0; i < 2 && !m.over; i++ {
			m.done = m.tokens.Reasoning * int64(i+1) / 2
			m.emit(appendThought(m.begin(), piece(thoughts, i, 2)), true)
		}
	}
	n := m.step.pieces(m.text)
	said := m.tokens.Output - m.tokens.Reasoning
	for i := 0; i < n && !m.over; i++ {
		m.done = m.tokens.Reasoning + said*int64(i+1)/int64(n+1)
		m.emit(appendTextPart(m.begin(), piece(m.text, i, n)), true)
	}
	if m.step.tool {
		m.emit(m.appendCall(m.begin()), true)
	}
	m.finish()
}

func (m *candidate) finish() {
	b := m.close(appendTextPart(m.begin(), ""), m.tokens.Output, true)
	if m.list {
		b = append(b, "\n]"...)
	}
	m.send(b, false)
}

// begin begins an event.
func (m *candidate) begin() []byte {
	b := m.call.event[:0]
	switch {
	case !m.list:
		b = append(b, "data: "...)
	case m.call.sent.events == 0:
		b = append(b, '[')
	default:
		b = append(b, "\n,\r\n"...)
	}
	return m.open(b)
}

// emit ends an event and sends it.
func (m *candidate) emit(b []byte, content bool) { m.send(m.close(b, m.done, false), content) }

// send sends it, unless an earlier one was the last that anybody wanted.
func (m *candidate) send(b []byte, content bool) {
	if !m.list {
		b = append(b, "\r\n\r\n"...)
	}
	m.call.event = b // it may have grown
	if !m.over {
		m.over = !m.out.event(b, content)
	}
}
