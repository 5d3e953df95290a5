package translate

import (
	"crs/internal/piecewise"
	"crs/proxyengine/provider"
)

// chatStream writes an answer as the chunks of a chat completion: protocols.md, I.2 and E.4.
type chatStream struct {
	w       *writer
	figures bool   // the client asked for the usage
	prefix  []byte // what every chunk begins with, up to what is in its choices
	calls   int64
	thought thought
}

// thought is what was thought since the last seal: it is given once more as a whole, with its seal, so that a client which
// keeps reasoning_details can send it back.
type thought struct {
	text  []byte
	count int64 // thoughts sealed so far
}

const (
	chunkTail  = "\n\n"
	streamDone = "data: [DONE]\n\n"
)

func (v *chatStream) begin(h head) {
	v.prefix = chunkPrefix("chatcmpl-", "chat.completion.chunk", h)
	v.open()
	v.w.set("role", "assistant")
	v.w.set("content", "")
	v.shut("")
}

func chunkPrefix(id, object string, h head) []byte {
	w := &writer{b: []byte("data: ")}
	w.begin('{')
	answerHead(w, id, object, h)
	w.key("choices")
	w.begin('[')
	return w.b
}

// answerHead writes what every answer of OpenAI's begins with.
func answerHead(w *writer, id, object string, h head) {
	w.setText("id", answerID(id, h.id))
	w.set("object", object)
	w.setInt("created", h.created)
	w.setText("model", h.model)
}

// open begins a chunk, up to the inside of its delta.
func (v *chatStream) open() {
	v.w.b = append(v.w.b, v.prefix...)
	v.w.b = append(v.w.b, `{"index":0,"delta":{`...)
}

func (v *chatStream) shut(finish string) {
	v.w.b = append(v.w.b, `},"logprobs":null,"finish_reason":`...)
	v.w.b = appendFinish(v.w.b, finish)
	v.w.b = append(v.w.b, `}]`...)
	v.tail()
}

func appendFinish(dst []byte, finish string) []byte {
	if finish == "" {
		return append(dst, "null"...)
	}
	return append(append(append(dst, '"'), finish...), '"')
}

// tail ends a chunk. All chunks but the last have an empty usage when the client asked for it.
func (v *chatStream) tail() {
	if v.figures {
		v.w.b = append(v.w.b, `,"usage":null`...)
	}
	v.w.b = append(v.w.b, '}')
	v.w.b = append(v.w.b, chunkTail...)
}

func (v *chatStream) text(t text) {
	v.open()
	v.w.setText("content", t)
	v.shut("")
}

func (v *chatStream) think(t text) {
	v.thought.text = piecewise.Append(v.thought.text, t)
	v.open()
	v.w.setText("reasoning_content", t)
	v.shut("")
}

func (v *chatStream) seal(s seal) {
	if v.thought.sealed(s) {
		v.open()
		v.w.array("reasoning_details", func() { v.thought.write(v.w, s) })
		v.shut("")
	}
	v.thought.next()
}

// sealed reports whether there is something to send back.
func (t *thought) sealed(s seal) bool { return s.by == byAnthropic && len(s.sign) > 0 }

func (t *thought) next() {
	t.count++
	t.text = t.text[:0]
}

func (t *thought) write(w *writer, s seal) {
	w.item(func() {
		if s.hidden {
			w.set("type", "reasoning.encrypted")
			w.setText("data", s.sign)
		} else {
			w.set("type", "reasoning.text")
			w.setText("text", t.text)
			w.setText("signature", s.sign)
		}
		w.set("format", details)
		w.setInt("index", t.count)
	})
}

func (v *chatStream) call(id string, name, sign text) {
	v.open()
	v.w.array("tool_calls", func() {
		v.w.item(func() {
			v.w.setInt("index", v.calls)
			writeCall(v.w, id, name, sign, nil)
		})
	})
	v.shut("")
	v.calls++
}

// writeCall writes a call. A signature of Gemini's stands where Google's own chat completions have it.
func writeCall(w *writer, id string, name, sign text, args []byte) {
	w.set("id", id)
	w.set("type", "function")
	w.object("function", func() {
		w.setText("name", name)
		w.setText("arguments", args)
	})
	if len(sign) > 0 {
		w.object("extra_content", func() {
			w.object("google", func() { w.setText("thought_signature", sign) })
		})
	}
}

func (v *chatStream) args(t text) {
	v.open()
	v.w.array("tool_calls", func() {
		v.w.item(func() {
			v.w.setInt("index", v.calls-1)
			v.w.object("function", func() { v.w.setText("arguments", t) })
		})
	})
	v.shut("")
}

func (v *chatStream) picture(mime string, data text) {
	v.open()
	v.w.array("images", func() { writePicture(v.w, mime, data) })
	v.shut("")
}

// writePicture writes a picture as gateways before this one have: the protocol has no place for one.
func writePicture(w *writer, mime string, data text) {
	w.item(func() {
		w.set("type", "image_url")
		w.object("image_url", func() { w.setText("url", media{mime: mime, data: data}.address()...) })
	})
}

func (v *chatStream) end(e ending) {
	v.open()
	v.shut(finishReason(e.stop))
	if v.figures {
		v.w.b = append(v.w.b, v.prefix...)
		v.w.end(']')
		v.w.object("usage", func() { writeUsage(v.w, e.used) })
		v.w.end('}')
		v.w.b = append(v.w.b, chunkTail...)
	}
	v.w.b = append(v.w.b, streamDone...)
}

func finishReason(s stop) string {
	switch s {
	case atLimit:
		return "length"
	case forCalls:
		return "tool_calls"
	case refused:
		return "content_filter"
	}
	return "stop"
}

// writeUsage writes the figures as OpenAI does: in sums.
func writeUsage(w *writer, t tokens) {
	w.setInt("prompt_tokens", t.prompt())
	w.setInt("completion_tokens", t.output)
	w.setInt("total_tokens", t.prompt()+t.output)
	w.object("prompt_tokens_details", func() {
		w.setInt("cached_tokens", t.cacheRead)
		if t.cacheWrite > 0 {
			w.setInt("cache_write_tokens", t.cacheWrite)
		}
	})
	w.object("completion_tokens_details", func() { w.setInt("reasoning_tokens", t.thought) })
}

func (v *chatStream) fail(f failure) {
	v.w.b = append(v.w.b, "data: "...)
	writeOpenAIError(v.w, f)
	v.w.b = append(v.w.b, chunkTail...)
}

// writeOpenAIError writes an error as OpenAI does, in the words that the relay has for its own.
func writeOpenAIError(w *writer, f failure) {
	kind, code := "server_error", "bad_gateway"
	switch f.kind {
	case provider.BadRequest:
		kind, code = "invalid_request_error", ""
	case provider.TooLarge:
		kind, code = "invalid_request_error", "request_too_large"
	case provider.NotFound:
		kind, code = "invalid_request_error", "not_found"
	case provider.RateLimited:
		kind, code = "rate_limit_error", "rate_limit_exceeded"
	case provider.Unavailable:
		code = "service_unavailable"
	case provider.GatewayTimeout:
		code = "timeout"
	}
	w.item(func() {
		w.object("error", func() {
			w.setText("message", f.said())
			w.set("type", kind)
			w.key("param")
			w.value(value("null"))
			w.key("code")
			w.b = appendFinish(w.b, code)
		})
	})
}

func (f failure) said() text {
	if len(f.message) == 0 {
		return text("the upstream gave an error without a message")
	}
	return f.message
}
