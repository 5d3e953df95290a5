package translate

import "crs/internal/piecewise"

// messagesWhole writes an answer as one message of Anthropic's.
type messagesWhole struct {
	w       *writer
	head    head
	content writer // the blocks that are whole
	open    string // the type of the block that is coming together
	said    []byte // its text, or its arguments
	id      string // of a call
	name    []byte
}

func (v *messagesWhole) begin(h head) { v.head = h.clone() }

func (v *messagesWhole) text(t text)  { v.add("text", t) }
func (v *messagesWhole) think(t text) { v.add("thinking", t) }
func (v *messagesWhole) args(t text)  { v.said = piecewise.Append(v.said, t) }

func (v *messagesWhole) add(kind string, t text) {
	if v.open != kind {
		v.close(nil)
		v.open = kind
	}
	v.said = piecewise.Append(v.said, t)
}

func (v *messagesWhole) seal(s seal) {
	sign := s.signature()
	if sign != nil {
		v.add("thinking", nil)
	}
	if v.open == "thinking" {
		v.close(sign)
	}
}

func (v *messagesWhole) call(id string, name, sign text) {
	if len(sign) > 0 {
		v.seal(seal{by: byGemini, sign: sign})
	}
	v.close(nil)
	v.open, v.id, v.name = "tool_use", wrapID(id), append(v.name[:0], name...)
}

func (v *messagesWhole) picture(mime string, data text) { v.text(noPicture(mime, data)) }

// close adds the block that has come together.
func (v *messagesWhole) close(sign text) {
	switch w := &v.content; v.open {
	case "text":
		w.item("type", v.open, "text", v.said)
	case "thinking":
		w.item("type", v.open, "thinking", v.said, "signature", sign)
	case "tool_use":
		w.item("type", v.open, "id", v.id, "name", v.name, "input", arguments(v.said))
	}
	v.open, v.said = "", v.said[:0]
}

func (v *messagesWhole) end(e ending) {
	v.close(nil)
	v.w.one(func(w *writer) {
		messageHead(w, v.head)
		w.array("content", func() { w.b = append(w.b, v.content.b...) })
		w.add(messageStop(stopReason(e.stop), e.sequence)...)
		messageUsage(w, e.used)
	})
}

func (v *messagesWhole) fail(f failure) {
	v.w.one(func(w *writer) { w.add(append(fields{"type", "error"}, anthropicError(f)...)...) })
}
