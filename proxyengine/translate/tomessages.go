package translate

import (
	"crs/proxyengine/provider"
)

// messagesStream writes an answer as the events of Anthropic's Messages: protocols.md, A.11.
type messagesStream struct {
	w     *writer
	index int64
	open  string // the type of the block that is open
}

// event begins an event; its data is an object with a type, which is left open.
func (v *messagesStream) event(name string) {
	v.w.b = append(v.w.b, "event: "...)
	v.w.b = append(v.w.b, name...)
	v.w.b = append(v.w.b, "\ndata: "...)
	v.w.begin('{')
	v.w.set("type", name)
}

func (v *messagesStream) shut() { v.w.b = append(v.w.b, "}\n\n"...) }

func (v *messagesStream) begin(h head) {
	v.event("message_start")
	v.w.object("message", func() {
		messageHead(v.w, h)
		v.w.array("content", func() {})
		messageStop(v.w, "null", nil)
		v.w.object("usage", func() { messageUsage(v.w, h.used) })
	})
	v.shut()
}

func messageHead(w *writer, h head) {
	w.setText("id", answerID("msg_", h.id))
	w.set("type", "message")
	w.set("role", "assistant")
	w.setText("model", h.model)
}

// messageStop writes why a message stopped; reason is JSON.
func messageStop(w *writer, reason string, sequence text) {
	w.key("stop_reason")
	w.value(value(reason))
	w.key("stop_sequence")
	if sequence != nil {
		w.quote(sequence)
		return
	}
	w.value(value("null"))
}

// messageUsage writes the figures as Anthropic does: apart.
func messageUsage(w *writer, t tokens) {
	w.setInt("input_tokens", t.input)
	w.setInt("cache_creation_input_tokens", t.cacheWrite)
	w.setInt("cache_read_input_tokens", t.cacheRead)
	w.setInt("output_tokens", t.output)
	if t.thought > 0 {
		w.object("output_tokens_details", func() { w.setInt("thinking_tokens", t.thought) })
	}
	if t.searches > 0 {
		w.object("server_tool_use", func() { w.setInt("web_search_requests", t.searches) })
	}
}

// start makes sure that a block of a type is open.
func (v *messagesStream) start(kind string, rest func()) {
	v.event("content_block_start")
	v.w.setInt("index", v.index)
	v.w.object("content_block", func() {
		v.w.set("type", kind)
		rest()
	})
	v.shut()
	v.open = kind
}

func (v *messagesStream) close() {
	if v.open == "" {
		return
	}
	v.event("content_block_stop")
	v.w.setInt("index", v.index)
	v.shut()
	v.open = ""
	v.index++
}

func (v *messagesStream) delta(kind, key string, t text) {
	v.event("content_block_delta")
	v.w.setInt("index", v.index)
	v.w.object("delta", func() {
		v.w.set("type", kind)
		v.w.setText(key, t)
	})
	v.shut()
}

func (v *messagesStream) text(t text) {
	if v.open != "text" {
		v.close()
		v.start("text", func() { v.w.set("text", "") })
	}
	v.delta("text_delta", "text", t)
}

func (v *messagesStream) think(t text) {
	v.thinking()
	v.delta("thinking_delta", "thinking", t)
}

func (v *messagesStream) thinking() {
	if v.open != "thinking" {
		v.close()
		v.start("thinking", func() {
			v.w.set("thinking", "")
			v.w.set("signature", "")
		})
	}
}

func (v *messagesStream) seal(s seal) {
	if sign := s.signature(); sign != nil {
		v.thinking()
		v.delta("signature_delta", "signature", sign)
	}
	if v.open == "thinking" {
		v.close()
	}
}

// signature is a seal as a thinking block has it, marked with whose it is; nil when there is none.
func (s seal) signature() text {
	mark := map[vendor]string{byGemini: sealGemini, byOpenAI: sealOpenAI, byChat: sealChat}[s.by]
	if mark == "" {
		return nil
	}
	return append(text(mark), s.sign...)
}

// call begins a call. A signature that belongs to it is sealed into the thought in front of it, which the client sends
// back; where there was no thought, into an empty one.
func (v *messagesStream) call(id string, name, sign text) {
	if len(sign) > 0 {
		v.seal(seal{by: byGemini, sign: sign})
	}
	v.close()
	v.start("tool_use", func() {
		v.w.set("id", wrapID(id))
		v.w.setText("name", name)
		v.w.object("input", func() {})
	})
}

func (v *messagesStream) args(t text) { v.delta("input_json_delta", "partial_json", t) }

func (v *messagesStream) picture(mime string, data text) { v.text(noPicture(mime, data)) }

// noPicture stands for a picture, which Anthropic's answers have no place for.
func noPicture(mime string, data text) text {
	return escaped([]byte("[The model made a picture (" + mime + ") that cannot be shown here.]"))
}

func (v *messagesStream) end(e ending) {
	v.close()
	v.event("message_delta")
	v.w.object("delta", func() { messageStop(v.w, stopReason(e.stop), e.sequence) })
	v.w.object("usage", func() { messageUsage(v.w, e.used) })
	v.shut()
	v.event("message_stop")
	v.shut()
}

func stopReason(s stop) string {
	return `"` + [...]string{atEnd: "end_turn", atLimit: "max_tokens", atSequence: "stop_sequence", forCalls: "tool_use", refused: "refusal"}[s] + `"`
}

func (v *messagesStream) fail(f failure) {
	v.event("error")
	writeAnthropicError(v.w, f)
	v.shut()
}

func writeAnthropicError(w *writer, f failure) {
	kind, known := map[provider.FaultKind]string{
		provider.BadRequest: "invalid_request_error", provider.NotFound: "not_found_error", provider.TooLarge: "request_too_large",
		provider.RateLimited: "rate_limit_error", provider.Unavailable: "overloaded_error", provider.GatewayTimeout: "timeout_error",
	}[f.kind]
	if !known {
		kind = "api_error"
	}
	w.object("error", func() {
		w.set("type", kind)
		w.setText("message", f.said())
	})
}
