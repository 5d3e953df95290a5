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
	w.set("max_tokens", t.maxTokens)
	w.system()
	w.array("messages", w.messages)
	w.tools()
	w.thinking(t.maxTokens)
	w.sampling()
	if o.stream {
		w.set("stream", true)
	}
	w.end('}')
	return w.b, t, w.err
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

// block writes a block, with the client's wish to have it cached.
func (w *messagesWriter) block(b block, members ...any) {
	w.begin('{')
	w.add(members...)
	w.have("cache_control", b.cache)
	w.end('}')
}

func (w *messagesWriter) textBlock(b block) { w.block(b, "type", "text", "text", b.text) }

func (w *messagesWriter) messages() {
	for i := range w.c.turns {
		t := &w.c.turns[i]
		if t.empty() {
			w.fail(t.at.refuse("there must be something in it besides white space"))
		}
		w.item("role", map[role]string{byUser: "user", byModel: "assistant"}[t.role], func() {
			w.array("content", func() {
				for _, r := range t.results {
					w.result(r)
				}
				w.blocks(t.blocks)
			})
		})
	}
}

func (t *turn) empty() bool {
	return len(t.results) == 0 && !slices.ContainsFunc(t.blocks, block.says)
}

// says reports whether a block is worth sending: texts of white space are refused, and thoughts count for nothing alone.
func (b block) says() bool {
	return b.kind != aThought && (b.kind != aText || !b.text.blank())
}

func (w *messagesWriter) blocks(blocks []block) {
	for _, b := range blocks {
		switch {
		case b.kind == aThought && b.seal.by == byAnthropic && b.seal.hidden:
			w.item("type", "redacted_thinking", "data", b.seal.sign)
		case b.kind == aThought && b.seal.by == byAnthropic:
			w.item("type", "thinking", "thinking", b.text, "signature", b.seal.sign)
		case b.kind == aText && b.says():
			w.textBlock(b)
		case b.kind == anImage:
			w.image(b)
		case b.kind == aDocument && b.media.name != nil:
			w.block(b, "type", "document", "source", b.source(), "title", b.media.name)
		case b.kind == aDocument:
			w.block(b, "type", "document", "source", b.source())
		case b.kind == anAudio:
			w.fail(b.at.member("type").refuse("input_audio cannot be said to this model: Claude does not listen"))
		case b.kind == aCall:
			w.block(b, "type", "tool_use", "id", b.call.id, "name", b.call.name, "input", b.call.args)
		}
	}
}

func (w *messagesWriter) image(b block) {
	switch b.media.mime {
	case "", "image/jpeg", "image/png", "image/gif", "image/webp":
		w.block(b, "type", "image", "source", b.source())
	default:
		w.fail(b.at.refuse("Claude reads JPEG, PNG, GIF and WebP, not %s", short(b.media.mime)))
	}
}

func (b block) source() fields {
	switch {
	case b.media.url != nil:
		return fields{"type", "url", "url", b.media.url}
	case b.media.data == nil:
		return fields{"type", "text", "media_type", b.media.mime, "data", b.text}
	}
	return fields{"type", "base64", "media_type", b.media.mime, "data", b.media.data}
}

func (w *messagesWriter) result(r *result) {
	said := fields{"type", "tool_result", "tool_use_id", r.call.id}
	if r.failed {
		said = append(said, "is_error", true)
	}
	if slices.ContainsFunc(r.blocks, block.says) {
		said = append(said, func() { w.array("content", func() { w.blocks(r.blocks) }) })
	}
	w.item(said...)
}

func (w *messagesWriter) tools() {
	if len(w.c.tools) == 0 {
		return
	}
	w.array("tools", func() {
		for _, t := range w.c.tools {
			if !plainID(string(t.name)) || len(t.name) > 128 {
				w.fail(t.at.member("name").refuse("Claude takes up to 128 letters, digits, _ and -"))
			}
			w.block(block{cache: t.cache}, t.described("input_schema")...)
		}
	})
	w.toolChoice()
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
