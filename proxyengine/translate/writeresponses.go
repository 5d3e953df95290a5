package translate

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// responsesWriter writes a request of OpenAI's responses.
type responsesWriter struct {
	writer
	c *conversation
}

// writeResponses writes a request of OpenAI's responses, as the Codex backend takes it too: protocols.md, E.2 and I.3. It is
// always a stream, of which nothing is stored.
func writeResponses(c *conversation, o outline) (body []byte, t written, err error) {
	if len(c.stop) > 0 {
		return nil, t, c.stop[0].path.refuse("OpenAI's responses know no stop sequences")
	}
	c.named(responsesID)
	w := &responsesWriter{c: c}
	w.b = make([]byte, 0, o.size)
	w.begin('{')
	t.at, t.length = w.model(o.model)
	w.set("instructions", join(textsOf(c.system), `\n\n`))
	w.array("input", w.input)
	writeFunctions(&w.writer, c, false)
	w.reasoning(gptNamed(o.upstream))
	if c.format.schema != nil {
		w.object("text", "format", append(fields{"type", "json_schema"}, schemaOf(c.format)...))
	}
	w.add("store", false, "stream", true)
	if o.session != "" {
		w.set("prompt_cache_key", cacheKey(o.session))
	}
	w.end('}')
	return w.b, t, w.err
}

// reasoning asks for thoughts, sealed so that they can be taken up again, only when the client wants some: it gets no
// blocks that it did not ask for.
func (w *responsesWriter) reasoning(g gpt) {
	e := w.c.effort
	if g.known && !g.reasons() {
		return
	}
	level := g.level(e)
	if level == "" && !e.on {
		return
	}
	w.object("reasoning", func() {
		if level != "" {
			w.set("effort", level)
		}
		if e.on && !e.hidden {
			w.set("summary", "auto")
		}
	})
	if e.on {
		w.array("include", func() { w.word("reasoning.encrypted_content") })
	}
}

func (w *responsesWriter) input() {
	for i := range w.c.turns {
		t := &w.c.turns[i]
		for _, r := range t.results {
			w.result(r)
		}
		switch t.role {
		case byModel:
			w.answered(t.blocks)
		case byUser:
			w.message("user", t.blocks)
		case bySystem:
			w.message("developer", t.blocks)
		}
	}
}

// answered writes what the model said, in its order: thoughts, words and calls are items of their own.
func (w *responsesWriter) answered(blocks []block) {
	for _, b := range blocks {
		switch {
		case b.kind == aText && len(b.text) > 0:
			w.message("assistant", []block{b})
		case b.kind == aThought && b.seal.by == byOpenAI:
			w.item("type", "reasoning", func() { w.array("summary", func() { w.words("summary_text", b.text) }) }, "encrypted_content", b.seal.sign)
		case b.kind == aCall:
			w.item("type", "function_call", "call_id", b.call.id, "name", b.call.name, "arguments", escaped(b.call.args))
		}
	}
}

func (w *responsesWriter) message(role string, blocks []block) {
	kind := "input_text"
	if role == "assistant" {
		kind = "output_text"
	}
	if slices.ContainsFunc(blocks, func(b block) bool { return b.kind != aText || len(b.text) > 0 }) {
		w.item("type", "message", "role", role, func() { w.array("content", func() { w.parts(blocks, kind) }) })
	}
}

func (w *responsesWriter) parts(blocks []block, kind string) {
	for _, b := range blocks {
		switch {
		case b.kind == aText:
			w.words(kind, b.text)
		case b.media.mime == "text/plain":
			w.words(kind, join([]text{b.media.name, b.text}, `\n\n`))
		case b.kind == anImage:
			w.item("type", "input_image", "detail", "auto", "image_url", b.media.address())
		case b.media.url != nil:
			w.item("type", "input_file", "file_url", b.media.url)
		default:
			w.item("type", "input_file", "filename", b.media.fileName(), "file_data", b.media.address())
		}
	}
}

func (w *responsesWriter) words(kind string, t text) {
	if len(t) > 0 {
		w.item("type", kind, "text", t)
	}
}

func (w *responsesWriter) result(r *result) {
	words, seen := r.told()
	if len(seen) == 0 {
		w.item("type", "function_call_output", "call_id", r.call.id, "output", words)
		return
	}
	w.item("type", "function_call_output", "call_id", r.call.id, func() {
		w.array("output", func() {
			w.words("input_text", words)
			w.parts(seen, "input_text")
		})
	})
}

// cacheKey is the conversation's name, as long as OpenAI takes it.
func cacheKey(session string) string {
	if len(session) <= 64 {
		return session
	}
	sum := sha256.Sum256([]byte(session))
	return hex.EncodeToString(sum[:16])
}
