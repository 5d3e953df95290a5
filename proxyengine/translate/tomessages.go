package translate

import (
	"cmp"
	"strconv"

	"crs/proxyengine/provider"
)

// messagesStream writes an answer as the events of Anthropic's Messages: protocols.md, A.11.
type messagesStream struct {
	w     *writer
	index int64
	open  string // the type of the block that is open
}

// event writes an event; its data is an object with a type.
func (v *messagesStream) event(name string, members ...any) {
	v.w.b = append(v.w.b, "event: "...)
	v.w.b = append(v.w.b, name...)
	v.w.b = append(v.w.b, "\ndata: "...)
	v.w.begin('{')
	v.w.set("type", name)
	v.w.add(members...)
	v.w.b = append(v.w.b, "}\n\n"...)
}

func (v *messagesStream) begin(h head) {
	v.event("message_start", func() {
		v.w.object("message", func() {
			messageHead(v.w, h)
			v.w.array("content", func() {})
			v.w.add(messageStop(null, nil)...)
			messageUsage(v.w, h.used)
		})
	})
}

func messageHead(w *writer, h head) {
	w.add("id", answerID("msg_", h.id), "type", "message", "role", "assistant", "model", h.model)
}

// messageStop is why a message stopped; reason is JSON.
func messageStop(reason value, sequence text) fields {
	if sequence == nil {
		return fields{"stop_reason", reason, "stop_sequence", null}
	}
	return fields{"stop_reason", reason, "stop_sequence", sequence}
}

// messageUsage writes the figures as Anthropic does: apart.
func messageUsage(w *writer, t tokens) {
	used := fields{
		"input_tokens", t.input, "cache_creation_input_tokens", t.cacheWrite, "cache_read_input_tokens", t.cacheRead, "output_tokens", t.output,
	}
	if t.thought > 0 {
		used = append(used, "output_tokens_details", fields{"thinking_tokens", t.thought})
	}
	if t.searches > 0 {
		used = append(used, "server_tool_use", fields{"web_search_requests", t.searches})
	}
	w.set("usage", used)
}

// start opens a block of a type.
func (v *messagesStream) start(kind string, rest ...any) {
	v.close()
	v.event("content_block_start", "index", v.index, "content_block", append(fields{"type", kind}, rest...))
	v.open = kind
}

func (v *messagesStream) close() {
	if v.open != "" {
		v.event("content_block_stop", "index", v.index)
		v.open = ""
		v.index++
	}
}

// delta writes what most events are.
func (v *messagesStream) delta(kind, key string, t text) {
	v.w.b = append(v.w.b, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"...)
	v.w.b = strconv.AppendInt(v.w.b, v.index, 10)
	v.w.b = append(v.w.b, `,"delta":{"type":"`...)
	v.w.b = append(v.w.b, kind...)
	v.w.b = append(v.w.b, '"')
	v.w.setText(key, t)
	v.w.b = append(v.w.b, "}}\n\n"...)
}

func (v *messagesStream) text(t text) {
	if v.open != "text" {
		v.start("text", "text", "")
	}
	v.delta("text_delta", "text", t)
}

func (v *messagesStream) think(t text) {
	v.thinking()
	v.delta("thinking_delta", "thinking", t)
}

func (v *messagesStream) thinking() {
	if v.open != "thinking" {
		v.start("thinking", "thinking", "", "signature", "")
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
	v.start("tool_use", "id", wrapID(id), "name", name, "input", fields{})
}

func (v *messagesStream) args(t text) { v.delta("input_json_delta", "partial_json", t) }

func (v *messagesStream) picture(mime string, data text) { v.text(noPicture(mime, data)) }

// noPicture stands for a picture, which Anthropic's answers have no place for.
func noPicture(mime string, data text) text {
	return escaped([]byte("[The model made a picture (" + mime + ") that cannot be shown here.]"))
}

func (v *messagesStream) end(e ending) {
	v.close()
	v.event("message_delta", "delta", messageStop(stopReason(e.stop), e.sequence), func() { messageUsage(v.w, e.used) })
	v.event("message_stop")
}

func stopReason(s stop) value {
	return value(`"` + [...]string{atEnd: "end_turn", atLimit: "max_tokens", atSequence: "stop_sequence", forCalls: "tool_use", refused: "refusal"}[s] + `"`)
}

func (v *messagesStream) fail(f failure) { v.event("error", anthropicError(f)...) }

func anthropicError(f failure) fields {
	kind := map[provider.FaultKind]string{
		provider.BadRequest: "invalid_request_error", provider.NotFound: "not_found_error", provider.TooLarge: "request_too_large",
		provider.RateLimited: "rate_limit_error", provider.Unavailable: "overloaded_error", provider.GatewayTimeout: "timeout_error",
	}[f.kind]
	return fields{"error", fields{"type", cmp.Or(kind, "api_error"), "message", f.said()}}
}
