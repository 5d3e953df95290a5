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

func (v *chatWhole) picture(mime string, data text) {
	writePicture(&v.pictures, media{mime: mime, data: data})
}

func (v *chatWhole) end(e ending) {
	v.w.one(func(w *writer) {
		answerHead(w, "chatcmpl-", "chat.completion", v.head)
		w.array("choices", func() {
			w.item("index", 0, func() { w.object("message", func() { v.message(w) }) }, "logprobs", null, "finish_reason", finishReason(e.stop))
		})
		writeUsage(w, e.used)
	})
}

func (v *chatWhole) message(w *writer) {
	w.set("role", "assistant")
	if v.said != nil {
		w.setText("content", v.said)
	} else {
		w.set("content", null)
	}
	w.set("refusal", null)
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

func (v *chatWhole) fail(f failure) { v.w.oneError(f) }

// one writes an object behind what is there already, which is not JSON's to look at.
func (w *writer) one(members func(*writer)) {
	own := &writer{}
	own.item(func() { members(own) })
	w.b = append(w.b, own.b...)
}

func (w *writer) oneError(f failure) {
	own := &writer{}
	writeOpenAIError(own, f)
	w.b = append(w.b, own.b...)
}
