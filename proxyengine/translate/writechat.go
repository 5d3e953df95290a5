package translate

import "bytes"

// chatWriter writes a request of OpenAI's chat completions.
type chatWriter struct {
	writer
	c *conversation
}

// chatStops is how many stop sequences OpenAI takes.
const chatStops = 4

// writeChat writes a request of OpenAI's chat completions: protocols.md, I.3.
func writeChat(c *conversation, o outline) (body []byte, t written, err error) {
	c.named(chatID)
	w := &chatWriter{c: c}
	if c.search != nil {
		return nil, t, c.search.refuse("chat completions have no web search among their tools")
	}
	if len(c.stop) > chatStops {
		return nil, t, c.stop[chatStops].path.refuse("OpenAI takes no more than %d stop sequences", chatStops)
	}
	w.b = make([]byte, 0, o.size)
	w.begin('{')
	t.maxTokens = c.maxTokens
	t.at, t.length = w.model(o.model)
	w.array("messages", w.messages)
	writeFunctions(&w.writer, c, true)
	w.settings(gptNamed(o.upstream))
	if o.stream {
		w.add("stream", true, "stream_options", fields{"include_usage", true})
	}
	w.end('}')
	return w.b, t, w.err
}

func (w *chatWriter) settings(g gpt) {
	c := w.c
	if c.maxTokens > 0 {
		w.set("max_completion_tokens", c.maxTokens)
	}
	if !g.reasons() {
		w.have("temperature", c.temperature)
		w.have("top_p", c.topP)
	} else if level := g.level(c.effort); level != "" {
		w.set("reasoning_effort", level)
	}
	w.stops("stop", c.stop)
	if c.format.schema != nil {
		w.object("response_format", "type", "json_schema", "json_schema", schemaOf(c.format))
	}
}

func (w *chatWriter) messages() {
	if words := textsOf(w.c.system); len(words) > 0 {
		w.item("role", "system", "content", join(words, `\n\n`))
	}
	for i := range w.c.turns {
		t := &w.c.turns[i]
		switch t.role {
		case bySystem:
			w.item("role", "system", "content", join(textsOf(t.blocks), `\n\n`))
		case byModel:
			w.assistant(t)
		case byUser:
			w.user(t)
		}
	}
}

// textsOf gives the texts that are not empty.
func textsOf(blocks []block) (all []text) {
	for _, b := range blocks {
		if b.kind == aText && len(b.text) > 0 {
			all = append(all, b.text)
		}
	}
	return all
}

func (w *chatWriter) assistant(t *turn) {
	calls, words := t.calls(), textsOf(t.blocks)
	said := fields{"role", "assistant", "content", words}
	switch {
	case len(calls) == 0 && len(words) == 0:
		return
	case len(words) == 0:
		said = fields{"role", "assistant", "content", null}
	}
	if thoughts := t.thoughts(byChat); thoughts != nil {
		said = append(said, "reasoning_content", thoughts)
	}
	if len(calls) > 0 {
		said = append(said, func() {
			w.array("tool_calls", func() {
				for _, c := range calls {
					w.item("id", c.id, "type", "function", "function", fields{"name", c.name, "arguments", escaped(c.args)})
				}
			})
		})
	}
	w.item(said...)
}

// thoughts gives those whose words their upstream wants back.
func (t *turn) thoughts(of vendor) (all []text) {
	for _, b := range t.blocks {
		if b.kind == aThought && b.seal.by == of {
			all = append(all, b.text)
		}
	}
	return all
}

// user writes the results as messages of their own, and then what else the user said. Pictures among the results cannot be
// in those messages; they come behind them, with the name of the call.
func (w *chatWriter) user(t *turn) {
	var behind []block
	for _, r := range t.results {
		words, seen := r.told()
		if len(seen) > 0 {
			behind = append(behind, block{kind: aText, at: r.at, text: text("From the result of " + string(escaped([]byte(r.call.id))) + ":")})
			behind = append(behind, seen...)
		}
		w.item("role", "tool", "tool_call_id", r.call.id, "content", words)
	}
	switch blocks := append(behind, t.blocks...); {
	case len(blocks) == 0:
	case len(blocks) == 1 && blocks[0].kind == aText:
		w.item("role", "user", "content", blocks[0].text)
	default:
		w.item("role", "user", func() {
			w.array("content", func() {
				for _, b := range blocks {
					w.part(b)
				}
			})
		})
	}
}

// split gives a result's text, and apart from it what is none.
func (r *result) split() (words text, seen []block) {
	var texts []text
	for _, b := range r.blocks {
		if b.kind == aText || b.media.mime == "text/plain" {
			texts = append(texts, b.media.name, b.text)
			continue
		}
		seen = append(seen, b)
	}
	return join(texts, `\n`), seen
}

// told is a result's text, and whether it is that of a failure, for a protocol that has no other place for that.
func (r *result) told() (words text, seen []block) {
	words, seen = r.split()
	if r.failed {
		words = append(text("Error: "), words...)
	}
	return words, seen
}

func (w *chatWriter) part(b block) {
	switch {
	case b.kind == aText && len(b.text) == 0:
	case b.kind == aText:
		w.item("type", "text", "text", b.text)
	case b.kind == anImage:
		writePicture(&w.writer, b.media)
	case b.media.mime == "text/plain":
		w.item("type", "text", "text", join([]text{b.media.name, b.text}, `\n\n`))
	case b.media.url != nil:
		w.fail(b.at.member("source").refuse("chat completions read no documents from a URL; send base64"))
	default:
		w.item("type", "file", "file", fields{"filename", b.media.fileName(), "file_data", b.media.address()})
	}
}

// address gives a URL, in parts: a data: URL where the data came with the request.
func (m media) address() []text {
	if m.url != nil {
		return []text{m.url}
	}
	return []text{text("data:"), escaped([]byte(m.mime)), text(";base64,"), m.data}
}

// fileName is the title that the client gave, with the ending without which OpenAI takes no PDF.
func (m media) fileName() text {
	if len(m.name) == 0 {
		return text("document.pdf")
	}
	if m.mime == pdf && !bytes.HasSuffix(bytes.ToLower(m.name), []byte(".pdf")) {
		return append(bytes.Clone(m.name), ".pdf"...)
	}
	return m.name
}
