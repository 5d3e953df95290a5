package translate

import (
	"cmp"

	"crs/internal/piecewise"
	"crs/proxyengine/provider"
)

// chunks is what streams of chat completions and of the older ones have in common: every chunk begins the same.
type chunks struct {
	w       *writer
	figures bool   // the client asked for the usage
	prefix  []byte // what every chunk begins with, up to what is in its choices
}

const (
	chunkTail  = "\n\n"
	streamDone = "data: [DONE]\n\n"
)

func (v *chunks) start(id, object string, h head) {
	w := &writer{b: []byte("data: ")}
	w.begin('{')
	answerHead(w, id, object, h)
	w.key("choices")
	w.begin('[')
	v.prefix = w.b
}

// answerHead writes what every answer of OpenAI's begins with.
func answerHead(w *writer, id, object string, h head) {
	w.add("id", answerID(id, h.id), "object", object, "created", h.created, "model", h.model)
}

// open begins a chunk.
func (v *chunks) open() { v.w.b = append(v.w.b, v.prefix...) }

// tail ends a chunk. All chunks but the last have an empty usage when the client asked for it.
func (v *chunks) tail() {
	v.w.end(']')
	if v.figures {
		v.w.b = append(v.w.b, `,"usage":null`...)
	}
	v.w.b = append(v.w.b, "}"+chunkTail...)
}

// done ends the stream, with the figures where the client asked for them.
func (v *chunks) done(used tokens) {
	if v.figures {
		v.open()
		v.w.end(']')
		writeUsage(v.w, used)
		v.w.b = append(v.w.b, "}"+chunkTail...)
	}
	v.w.b = append(v.w.b, streamDone...)
}

func (v *chunks) fail(f failure) {
	v.w.b = append(v.w.b, "data: "...)
	writeOpenAIError(v.w, f)
	v.w.b = append(v.w.b, chunkTail...)
}

// chatStream writes an answer as the chunks of a chat completion: protocols.md, I.2 and E.4.
type chatStream struct {
	chunks
	calls   int64
	thought thought
}

// thought is what was thought since the last seal: it is given once more as a whole, with its seal, so that a client which
// keeps reasoning_details can send it back.
type thought struct {
	text  []byte
	count int64 // thoughts sealed so far
}

func (v *chatStream) begin(h head) {
	v.start("chatcmpl-", "chat.completion.chunk", h)
	v.delta("role", "assistant", "content", "")
}

const deltaHead = `{"index":0,"delta":{`

// delta writes a chunk with something new.
func (v *chatStream) delta(members ...any) {
	v.open()
	v.w.b = append(v.w.b, deltaHead...)
	v.w.add(members...)
	v.shut(null)
}

// shut ends a chunk; finish is JSON.
func (v *chatStream) shut(finish value) {
	v.w.b = append(v.w.b, `},"logprobs":null,"finish_reason":`...)
	v.w.b = append(v.w.b, finish...)
	v.w.end('}')
	v.tail()
}

// words is delta for a text, which most chunks are.
func (v *chatStream) words(key string, t text) {
	v.open()
	v.w.b = append(v.w.b, deltaHead...)
	v.w.setText(key, t)
	v.shut(null)
}

func (v *chatStream) text(t text) { v.words("content", t) }

func (v *chatStream) think(t text) {
	v.thought.text = piecewise.Append(v.thought.text, t)
	v.words("reasoning_content", t)
}

func (v *chatStream) seal(s seal) {
	if v.thought.sealed(s) {
		v.delta(func() { v.w.array("reasoning_details", func() { v.thought.write(v.w, s) }) })
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
	said := fields{"type", "reasoning.text", "text", text(t.text), "signature", s.sign}
	if s.hidden {
		said = fields{"type", "reasoning.encrypted", "data", s.sign}
	}
	w.item(append(said, "format", details, "index", t.count)...)
}

func (v *chatStream) call(id string, name, sign text) {
	v.toolCall(func() {
		v.w.add("index", v.calls)
		writeCall(v.w, id, name, sign, nil)
	})
	v.calls++
}

func (v *chatStream) toolCall(members ...any) {
	v.delta(func() { v.w.array("tool_calls", func() { v.w.item(members...) }) })
}

// writeCall writes a call. A signature of Gemini's stands where Google's own chat completions have it.
func writeCall(w *writer, id string, name, sign text, args []byte) {
	w.add("id", id, "type", "function", "function", fields{"name", name, "arguments", text(args)})
	if len(sign) > 0 {
		w.object("extra_content", "google", fields{"thought_signature", sign})
	}
}

func (v *chatStream) args(t text) { v.toolCall("index", v.calls-1, "function", fields{"arguments", t}) }

func (v *chatStream) picture(mime string, data text) {
	v.delta(func() { v.w.array("images", func() { writePicture(v.w, media{mime: mime, data: data}) }) })
}

// writePicture writes a picture as gateways before this one have in answers: the protocol has no place for one there.
func writePicture(w *writer, m media) {
	w.item("type", "image_url", "image_url", fields{"url", m.address()})
}

func (v *chatStream) end(e ending) {
	v.open()
	v.w.b = append(v.w.b, deltaHead...)
	v.shut(finishReason(e.stop))
	v.done(e.used)
}

func finishReason(s stop) value {
	word := map[stop]string{atLimit: "length", forCalls: "tool_calls", refused: "content_filter"}[s]
	return value(`"` + cmp.Or(word, "stop") + `"`)
}

// writeUsage writes the figures as OpenAI does: in sums.
func writeUsage(w *writer, t tokens) {
	prompt := fields{"cached_tokens", t.cacheRead}
	if t.cacheWrite > 0 {
		prompt = append(prompt, "cache_write_tokens", t.cacheWrite)
	}
	w.object("usage",
		"prompt_tokens", t.prompt(), "completion_tokens", t.output, "total_tokens", t.prompt()+t.output,
		"prompt_tokens_details", prompt, "completion_tokens_details", fields{"reasoning_tokens", t.thought},
	)
}

// writeOpenAIError writes an error as OpenAI does, in the words that the relay has for its own.
func writeOpenAIError(w *writer, f failure) {
	words := map[provider.FaultKind][2]string{
		provider.BadRequest:     {"invalid_request_error", "null"},
		provider.TooLarge:       {"invalid_request_error", `"request_too_large"`},
		provider.NotFound:       {"invalid_request_error", `"not_found"`},
		provider.RateLimited:    {"rate_limit_error", `"rate_limit_exceeded"`},
		provider.Unavailable:    {"server_error", `"service_unavailable"`},
		provider.GatewayTimeout: {"server_error", `"timeout"`},
	}[f.kind]
	if words[0] == "" {
		words = [2]string{"server_error", `"bad_gateway"`}
	}
	w.item("error", fields{"message", f.said(), "type", words[0], "param", null, "code", value(words[1])})
}

func (f failure) said() text {
	if len(f.message) == 0 {
		return text("the upstream gave an error without a message")
	}
	return f.message
}
