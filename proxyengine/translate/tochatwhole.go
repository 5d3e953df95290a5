package translate

import (
	"bytes"

	"crs/internal/piecewise"
)

// chatWhole writes an answer as one chat completion.
type chatWhole struct {
	w        *writer
	head     head
	said     []byte
	thoughts []byte
	details  writer // elements of reasoning_details
	calls    []gathered
	pictures writer
	thought  thought
}

// gathered is a call as it comes together.
type gathered struct {
	id   string
	name text
	sign text
	args []byte
}

func (h head) clone() head {
	return head{id: bytes.Clone(h.id), model: bytes.Clone(h.model), created: h.created}
}

func (v *chatWhole) begin(h head) { v.head = h.clone() }

func (v *chatWhole) text(t text) { v.said = piecewise.Append(v.said, t) }

func (v *chatWhole) think(t text) {
	v.thoughts = append(v.thoughts, t...)
	v.thought.text = piecewise.Append(v.thought.text, t)
}

func (v *chatWhole) seal(s seal) {
	if v.thought.sealed(s) {
		v.thought.write(&v.details, s)
	}
	v.thought.next()
}

func (v *chatWhole) call(id string, name, sign text) {
	v.calls = append(v.calls, gathered{id: id, name: bytes.Clone(name), sign: bytes.Clone(sign)})
}

func (v *chatWhole) args(t text) {
	last := &v.calls[len(v.calls)-1]
	last.args = append(last.args, t...)
}

func (v *chatWhole) picture(mime string, data text) { writePicture(&v.pictures, mime, data) }

func (v *chatWhole) end(e ending) {
	w := &writer{}
	w.item(func() {
		answerHead(w, "chatcmpl-", "chat.completion", v.head)
		w.array("choices", func() {
			w.item(func() {
				w.setInt("index", 0)
				w.object("message", func() { v.message(w) })
				w.key("logprobs")
				w.value(value("null"))
				w.set("finish_reason", finishReason(e.stop))
			})
		})
		w.object("usage", func() { writeUsage(w, e.used) })
	})
	v.w.b = append(v.w.b, w.b...)
}

func (v *chatWhole) message(w *writer) {
	w.set("role", "assistant")
	w.key("content")
	if v.said != nil {
		w.quote(v.said)
	} else {
		w.value(value("null"))
	}
	w.key("refusal")
	w.value(value("null"))
	if v.thoughts != nil {
		w.setText("reasoning_content", v.thoughts)
	}
	if len(v.details.b) > 0 {
		w.array("reasoning_details", func() { w.value(v.details.b) })
	}
	if len(v.pictures.b) > 0 {
		w.array("images", func() { w.value(v.pictures.b) })
	}
	if v.calls == nil {
		return
	}
	w.array("tool_calls", func() {
		for _, c := range v.calls {
			w.item(func() { writeCall(w, c.id, c.name, c.sign, c.args) })
		}
	})
}

func (v *chatWhole) fail(f failure) {
	w := &writer{}
	writeOpenAIError(w, f)
	v.w.b = append(v.w.b, w.b...)
}
