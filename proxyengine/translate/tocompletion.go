package translate

import "crs/internal/piecewise"

// onlyText is the rest of an encoder that knows nothing but text.
type onlyText struct{}

func (onlyText) think(text)              {}
func (onlyText) seal(seal)               {}
func (onlyText) call(string, text, text) {}
func (onlyText) args(text)               {}
func (onlyText) picture(string, text)    {}

// completionStream writes an answer as the chunks of an older completion.
type completionStream struct {
	chunks
	onlyText
}

func (v *completionStream) begin(h head) { v.start("cmpl-", "text_completion", h) }

func (v *completionStream) text(t text) { v.chunk(t, nil) }

func (v *completionStream) chunk(t text, finish value) {
	v.open()
	writeCompletion(v.w, t, finish)
	v.tail()
}

func writeCompletion(w *writer, t text, finish value) {
	w.item("text", t, "index", 0, "logprobs", null, "finish_reason", finish)
}

func (v *completionStream) end(e ending) {
	v.chunk(nil, finishReason(e.stop))
	v.done(e.used)
}

// completionWhole writes an answer as one older completion.
type completionWhole struct {
	onlyText
	w    *writer
	head head
	said []byte
}

func (v *completionWhole) begin(h head) { v.head = h.clone() }
func (v *completionWhole) text(t text)  { v.said = piecewise.Append(v.said, t) }

func (v *completionWhole) end(e ending) {
	v.w.one(func(w *writer) {
		answerHead(w, "cmpl-", "text_completion", v.head)
		w.array("choices", func() { writeCompletion(w, v.said, finishReason(e.stop)) })
		writeUsage(w, e.used)
	})
}

func (v *completionWhole) fail(f failure) { v.w.oneError(f) }
