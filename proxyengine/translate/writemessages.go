package translate

import (
	"bytes"
	"slices"
)

// messagesWriter writes a request of Anthropic's Messages.
type messagesWriter struct {
	writer
	c      *conversation
	claude claude
	think  bool
}

// writeMessages writes a request of Anthropic's Messages, and gives what the intent must know of it.
func writeMessages(c *conversation, o outline) (body []byte, t written, err error) {
	c.lift()
	c.named(anthropicID)
	c.opened()
	w := &messagesWriter{c: c, claude: claudeNamed(o.upstream)}
	if c.format.schema != nil && !w.claude.schemas() {
		return nil, t, c.format.at.refuse("the model %s cannot be held to a schema", o.upstream)
	}
	if t.maxTokens = c.maxTokens; t.maxTokens == 0 {
		t.maxTokens = w.claude.room()
	}
	w.b = make([]byte, 0, o.size)
	w.begin('{')
	t.at, t.length = w.model(o.model)
	w.setInt("max_tokens", t.maxTokens)
	w.system()
	if err := w.messages(); err != nil {
		return nil, t, err
	}
	if err := w.tools(); err != nil {
		return nil, t, err
	}
	w.thinking(t.maxTokens)
	w.sampling()
	if o.stream {
		w.setBool("stream", true)
	}
	w.end('}')
	return w.b, t, nil
}

// opened puts a user's turn in front of a conversation that begins with the model's, or has only instructions: every
// protocol but OpenAI's wants one.
func (c *conversation) opened() {
	if len(c.turns) == 0 || c.turns[0].role == byModel {
		dot := turn{role: byUser, blocks: []block{{kind: aText, text: text(".")}}}
		c.turns = append([]turn{dot}, c.turns...)
	}
}

const onlyJSON = "Answer with one JSON object and nothing else."

func (w *messagesWriter) system() {
	var said []block
	for _, b := range w.c.system {
		if !b.text.blank() {
			said = append(said, b)
		}
	}
	if w.c.format.json {
		said = append(said, block{text: text(onlyJSON)})
	}
	if len(said) == 0 {
		return
	}
	w.array("system", func() {
		for _, b := range said {
			w.textBlock(b)
		}
	})
}

func (w *messagesWriter) textBlock(b block) {
	w.item(func() {
		w.set("type", "text")
		w.setText("text", b.text)
		w.have("cache_control", b.cache)
	})
}

func (w *messagesWriter) messages() error {
	w.key("messages")
	w.begin('[')
	for i := range w.c.turns {
		if err := w.turn(&w.c.turns[i]); err != nil {
			return err
		}
	}
	w.end(']')
	return nil
}

func (w *messagesWriter) turn(t *turn) error {
	if t.empty() {
		return t.at.refuse("there must be something in it besides white space")
	}
	w.begin('{')
	w.set("role", map[role]string{byUser: "user", byModel: "assistant"}[t.role])
	w.key("content")
	w.begin('[')
	for _, r := range t.results {
		if err := w.result(r); err != nil {
			return err
		}
	}
	if err := w.blocks(t.blocks); err != nil {
		return err
	}
	w.end(']')
	w.end('}')
	return nil
}

func (t *turn) empty() bool {
	for _, b := range t.blocks {
		if b.says() {
			return false
		}
	}
	return len(t.results) == 0
}

// says reports whether a block is worth sending: texts of white space are refused, and thoughts count for nothing alone.
func (b block) says() bool {
	return b.kind != aThought && (b.kind != aText || !b.text.blank())
}

func (w *messagesWriter) blocks(blocks []block) error {
	for _, b := range blocks {
		switch {
		case b.kind == aThought:
			w.thought(b)
		case b.kind == aText && b.says():
			w.textBlock(b)
		case b.kind == anImage:
			if err := w.image(b); err != nil {
				return err
			}
		case b.kind == aDocument:
			w.document(b)
		case b.kind == anAudio:
			return b.at.member("type").refuse("input_audio cannot be said to this model: Claude does not listen")
		case b.kind == aCall:
			w.call(b)
		}
	}
	return nil
}

func (w *messagesWriter) thought(b block) {
	switch {
	case b.seal.by != byAnthropic:
	case b.seal.hidden:
		w.item(func() {
			w.set("type", "redacted_thinking")
			w.setText("data", b.seal.sign)
		})
	default:
		w.item(func() {
			w.set("type", "thinking")
			w.setText("thinking", b.text)
			w.setText("signature", b.seal.sign)
		})
	}
}

func (w *messagesWriter) call(b block) {
	w.item(func() {
		w.set("type", "tool_use")
		w.set("id", b.call.id)
		w.setText("name", b.call.name)
		w.have("input", b.call.args)
		w.have("cache_control", b.cache)
	})
}

func (w *messagesWriter) image(b block) error {
	switch b.media.mime {
	case "", "image/jpeg", "image/png", "image/gif", "image/webp":
	default:
		return b.at.refuse("Claude reads JPEG, PNG, GIF and WebP, not %s", short(b.media.mime))
	}
	w.item(func() {
		w.set("type", "image")
		w.source(b)
		w.have("cache_control", b.cache)
	})
	return nil
}

func (w *messagesWriter) document(b block) {
	w.item(func() {
		w.set("type", "document")
		w.source(b)
		if b.media.name != nil {
			w.setText("title", b.media.name)
		}
		w.have("cache_control", b.cache)
	})
}

func (w *messagesWriter) source(b block) {
	w.object("source", func() {
		switch {
		case b.media.url != nil:
			w.set("type", "url")
			w.setText("url", b.media.url)
		case b.media.data == nil:
			w.set("type", "text")
			w.set("media_type", b.media.mime)
			w.setText("data", b.text)
		default:
			w.set("type", "base64")
			w.set("media_type", b.media.mime)
			w.setText("data", b.media.data)
		}
	})
}

func (w *messagesWriter) result(r *result) error {
	w.begin('{')
	w.set("type", "tool_result")
	w.set("tool_use_id", r.call.id)
	if r.failed {
		w.setBool("is_error", true)
	}
	if slices.ContainsFunc(r.blocks, block.says) {
		w.key("content")
		w.begin('[')
		if err := w.blocks(r.blocks); err != nil {
			return err
		}
		w.end(']')
	}
	w.end('}')
	return nil
}

func (w *messagesWriter) tools() error {
	if len(w.c.tools) == 0 {
		return nil
	}
	w.key("tools")
	w.begin('[')
	for _, t := range w.c.tools {
		if !plainID(string(t.name)) || len(t.name) > 128 {
			return t.at.member("name").refuse("Claude takes up to 128 letters, digits, _ and -")
		}
		w.item(func() {
			w.setText("name", t.name)
			if t.description != nil {
				w.setText("description", t.description)
			}
			w.key("input_schema")
			w.value(t.inputSchema())
			w.have("cache_control", t.cache)
		})
	}
	w.end(']')
	w.toolChoice()
	return nil
}

// inputSchema is the schema of an object, also where the client gave none, or one that does not say so.
func (t tool) inputSchema() value {
	switch {
	case t.schema.bare():
		return value(`{"type":"object","properties":{}}`)
	case t.schema.get("type") == nil:
		return append(value(`{"type":"object",`), bytes.TrimLeft(t.schema[1:], " \t\r\n")...)
	}
	return t.schema
}
