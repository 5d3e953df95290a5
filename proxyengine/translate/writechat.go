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
	if err := w.messages(); err != nil {
		return nil, t, err
	}
	if err := writeFunctions(&w.writer, c, true); err != nil {
		return nil, t, err
	}
	w.settings(gptNamed(o.upstream))
	if o.stream {
		w.setBool("stream", true)
		w.object("stream_options", func() { w.setBool("include_usage", true) })
	}
	w.end('}')
	return w.b, t, nil
}

func (w *chatWriter) settings(g gpt) {
	c := w.c
	if c.maxTokens > 0 {
		w.setInt("max_completion_tokens", c.maxTokens)
	}
	if !g.reasons() {
		w.have("temperature", c.temperature)
		w.have("top_p", c.topP)
	} else if level := g.level(c.effort); level != "" {
		w.set("reasoning_effort", level)
	}
	w.stops("stop", c.stop)
	if c.format.schema != nil {
		w.object("response_format", func() {
			w.set("type", "json_schema")
			w.object("json_schema", func() { writeSchema(&w.writer, c.format) })
		})
	}
}

func (w *chatWriter) messages() error {
	w.key("messages")
	w.begin('[')
	if words := textsOf(w.c.system); len(words) > 0 {
		w.message("system", func() { w.setText("content", join(words, `\n\n`)) })
	}
	for i := range w.c.turns {
		t := &w.c.turns[i]
		var err error
		switch t.role {
		case bySystem:
			w.message("system", func() { w.setText("content", join(textsOf(t.blocks), `\n\n`)) })
		case byModel:
			w.assistant(t)
		case byUser:
			err = w.user(t)
		}
		if err != nil {
			return err
		}
	}
	w.end(']')
	return nil
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

func (w *chatWriter) message(role string, members func()) {
	w.item(func() {
		w.set("role", role)
		members()
	})
}

func (w *chatWriter) assistant(t *turn) {
	calls, words := t.calls(), textsOf(t.blocks)
	if len(calls) == 0 && len(words) == 0 {
		return
	}
	w.message("assistant", func() {
		if len(words) > 0 {
			w.setText("content", words...)
		} else {
			w.key("content")
			w.value(value("null"))
		}
		if thoughts := t.thoughts(byChat); thoughts != nil {
			w.setText("reasoning_content", thoughts...)
		}
		if len(calls) > 0 {
			w.array("tool_calls", func() {
				for _, c := range calls {
					w.call(c)
				}
			})
		}
	})
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

func (w *chatWriter) call(c *call) {
	w.item(func() {
		w.set("id", c.id)
		w.set("type", "function")
		w.object("function", func() {
			w.setText("name", c.name)
			w.setText("arguments", escaped(c.args))
		})
	})
}

// user writes the results as messages of their own, and then what else the user said. Pictures among the results cannot be
// in those messages; they come behind them, with the name of the call.
func (w *chatWriter) user(t *turn) error {
	var behind []block
	for _, r := range t.results {
		words, seen := r.split()
		if len(seen) > 0 {
			behind = append(behind, block{kind: aText, at: r.at, text: text("From the result of " + string(escaped([]byte(r.call.id))) + ":")})
			behind = append(behind, seen...)
		}
		w.message("tool", func() {
			w.set("tool_call_id", r.call.id)
			w.setText("content", words)
		})
	}
	blocks := append(behind, t.blocks...)
	if len(blocks) == 0 {
		return nil
	}
	if len(blocks) == 1 && blocks[0].kind == aText {
		w.message("user", func() { w.setText("content", blocks[0].text) })
		return nil
	}
	w.begin('{')
	w.set("role", "user")
	w.key("content")
	w.begin('[')
	for _, b := range blocks {
		if err := w.part(b); err != nil {
			return err
		}
	}
	w.end(']')
	w.end('}')
	return nil
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
	words = join(texts, `\n`)
	if r.failed {
		words = append(text("Error: "), words...)
	}
	return words, seen
}

func (w *chatWriter) part(b block) error {
	switch {
	case b.kind == aText && len(b.text) == 0:
	case b.kind == aText:
		w.item(func() {
			w.set("type", "text")
			w.setText("text", b.text)
		})
	case b.kind == anImage:
		w.item(func() {
			w.set("type", "image_url")
			w.object("image_url", func() { w.setText("url", b.media.address()...) })
		})
	case b.media.mime == "text/plain":
		w.item(func() {
			w.set("type", "text")
			w.setText("text", join([]text{b.media.name, b.text}, `\n\n`))
		})
	case b.media.url != nil:
		return b.at.member("source").refuse("chat completions read no documents from a URL; send base64")
	default:
		w.item(func() {
			w.set("type", "file")
			w.object("file", func() {
				w.setText("filename", b.media.fileName())
				w.setText("file_data", b.media.address()...)
			})
		})
	}
	return nil
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
