package translate

import "crs/internal/piecewise"

// completionStream writes an answer as the chunks of an older completion. It knows nothing but text.
type completionStream struct {
	w       *writer
	figures bool
	prefix  []byte
}

func (v *completionStream) begin(h head) { v.prefix = chunkPrefix("cmpl-", "text_completion", h) }

func (v *completionStream) text(t text) { v.chunk(t, "") }

func (v *completionStream) chunk(t text, finish string) {
	v.w.b = append(v.w.b, v.prefix...)
	writeCompletion(v.w, t, finish)
	v.w.end(']')
	if v.figures {
		v.w.b = append(v.w.b, `,"usage":null`...)
	}
	v.w.end('}')
	v.w.b = append(v.w.b, chunkTail...)
}

func writeCompletion(w *writer, t text, finish string) {
	w.item(func() {
		w.setText("text", t)
		w.setInt("index", 0)
		w.key("logprobs")
		w.value(value("null"))
		w.key("finish_reason")
		w.b = appendFinish(w.b, finish)
	})
}

func (v *completionStream) think(text)                  {}
func (v *completionStream) seal(seal)                   {}
func (v *completionStream) call(string, text, text)     {}
func (v *completionStream) args(text)                   {}
func (v *completionStream) picture(_ string, data text) {}

func (v *completionStream) end(e ending) {
	v.chunk(nil, finishReason(e.stop))
	if v.figures {
		v.w.b = append(v.w.b, v.prefix...)
		v.w.end(']')
		v.w.object("usage", func() { writeUsage(v.w, e.used) })
		v.w.end('}')
		v.w.b = append(v.w.b, chunkTail...)
	}
	v.w.b = append(v.w.b, streamDone...)
}

func (v *completionStream) fail(f failure) {
	v.w.b = append(v.w.b, "data: "...)
	writeOpenAIError(v.w, f)
	v.w.b = append(v.w.b, chunkTail...)
}

// completionWhole writes an answer as one older completion.
type completionWhole struct {
	w    *writer
	head head
	said []byte
}

func (v *completionWhole) begin(h head)                { v.head = h.clone() }
func (v *completionWhole) text(t text)                 { v.said = piecewise.Append(v.said, t) }
func (v *completionWhole) think(text)                  {}
func (v *completionWhole) seal(seal)                   {}
func (v *completionWhole) call(string, text, text)     {}
func (v *completionWhole) args(text)                   {}
func (v *completionWhole) picture(_ string, data text) {}

func (v *completionWhole) end(e ending) {
	w := &writer{}
	w.item(func() {
		answerHead(w, "cmpl-", "text_completion", v.head)
		w.array("choices", func() { writeCompletion(w, v.said, finishReason(e.stop)) })
		w.object("usage", func() { writeUsage(w, e.used) })
	})
	v.w.b = append(v.w.b, w.b...)
}

func (v *completionWhole) fail(f failure) {
	w := &writer{}
	writeOpenAIError(w, f)
	v.w.b = append(v.w.b, w.b...)
}
