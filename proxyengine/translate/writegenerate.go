package translate

import (
	"bytes"
	"slices"
	"strings"
)

// generateWriter writes a request of Gemini's generateContent.
type generateWriter struct {
	writer
	c      *conversation
	gemini gemini
}

// writeGenerate writes a request of Gemini's generateContent: protocols.md, I.4. Its model stands in the path.
func writeGenerate(c *conversation, o outline) (body []byte, t written, err error) {
	c.lift()
	c.named(geminiID)
	c.opened()
	w := &generateWriter{c: c, gemini: geminiNamed(o.upstream)}
	w.b = make([]byte, 0, o.size)
	w.begin('{')
	w.system()
	if err := w.contents(); err != nil {
		return nil, t, err
	}
	if err := w.tools(); err != nil {
		return nil, t, err
	}
	if err := w.config(); err != nil {
		return nil, t, err
	}
	w.end('}')
	return w.b, written{maxTokens: c.maxTokens}, nil
}

func (w *generateWriter) system() {
	said := slices.ContainsFunc(w.c.system, func(b block) bool { return len(b.text) > 0 })
	if !said {
		return
	}
	w.object("systemInstruction", func() {
		w.array("parts", func() {
			for _, b := range w.c.system {
				w.textPart(b.text)
			}
		})
	})
}

func (w *generateWriter) textPart(t text) {
	if len(t) > 0 {
		w.item(func() { w.setText("text", t) })
	}
}

func (w *generateWriter) contents() error {
	w.key("contents")
	w.begin('[')
	var before []*call
	for i := range w.c.turns {
		t := &w.c.turns[i]
		if t.empty() {
			return t.at.refuse("there must be something in it besides white space")
		}
		w.begin('{')
		w.set("role", map[role]string{byUser: "user", byModel: "model"}[t.role])
		w.key("parts")
		w.begin('[')
		w.results(before, t.results)
		w.parts(t.blocks)
		w.end(']')
		w.end('}')
		before = t.calls()
	}
	w.end(']')
	return nil
}

func (w *generateWriter) parts(blocks []block) {
	var sign text
	first := true
	for _, b := range blocks {
		switch b.kind {
		case aText:
			w.textPart(b.text)
		case anImage, anAudio:
			w.item(func() { w.media(b.media) })
		case aDocument:
			w.document(b)
		case aCall:
			w.call(b.call, sign, first)
			first = false
		case aThought: // its text is not given back; its seal belongs to the call behind it
		}
		if sign = nil; b.kind == aThought && b.seal.by == byGemini {
			sign = b.seal.sign
		}
	}
}

// unsigned is what Google gives for calls of whose thoughts there is no signature, such as other models' calls.
const unsigned = "skip_thought_signature_validator"

func (w *generateWriter) call(c *call, sign text, first bool) {
	if len(sign) == 0 {
		sign = c.sign
	}
	if len(sign) == 0 && first && w.gemini.signs() {
		sign = text(unsigned)
	}
	w.item(func() {
		w.object("functionCall", func() {
			w.set("id", c.id)
			w.setText("name", c.name)
			w.have("args", c.args)
		})
		if len(sign) > 0 {
			w.setText("thoughtSignature", sign)
		}
	})
}

func (w *generateWriter) document(b block) {
	if b.media.mime != "text/plain" {
		w.item(func() { w.media(b.media) })
		return
	}
	w.textPart(b.media.name)
	w.textPart(b.text)
}

func (w *generateWriter) media(m media) {
	if m.url != nil {
		w.object("fileData", func() {
			if mime := mimeOf(m); mime != "" {
				w.set("mimeType", mime)
			}
			w.setText("fileUri", m.url)
		})
		return
	}
	w.object("inlineData", func() {
		w.set("mimeType", m.mime)
		w.setText("data", m.data)
	})
}

// mimeOf tells what is behind a URL, as far as its path says.
func mimeOf(m media) string {
	if m.mime != "" {
		return m.mime
	}
	url, _, _ := strings.Cut(m.url.plain(), "?")
	switch strings.ToLower(url[strings.LastIndexByte(url, '.')+1:]) {
	case "png":
		return "image/png"
	case "jpg", "jpeg":
		return "image/jpeg"
	case "webp":
		return "image/webp"
	case "gif":
		return "image/gif"
	case "heic":
		return "image/heic"
	case "pdf":
		return pdf
	}
	return ""
}

// results writes what the calls of the turn before came to, in their order: Gemini counts them off. What pictures there
// are in them stands inside from Gemini 3 on, and behind them before that.
func (w *generateWriter) results(calls []*call, results []*result) {
	var behind []block
	for _, c := range calls {
		i := slices.IndexFunc(results, func(r *result) bool { return r.call == c })
		if i < 0 {
			continue
		}
		behind = append(behind, w.result(results[i])...)
	}
	for _, b := range behind {
		w.item(func() { w.media(b.media) })
	}
}

func (w *generateWriter) result(r *result) (behind []block) {
	var words []text
	var seen []block
	for _, b := range r.blocks {
		switch {
		case b.kind == aText || b.media.mime == "text/plain":
			words = append(words, b.media.name, b.text)
		default:
			seen = append(seen, b)
		}
	}
	key := "output"
	if r.failed {
		key = "error"
	}
	w.item(func() {
		w.object("functionResponse", func() {
			w.set("id", r.call.id)
			w.setText("name", r.call.name)
			w.object("response", func() { w.setText(key, joined(words)) })
			if len(seen) > 0 && w.gemini.levels() {
				w.array("parts", func() {
					for _, b := range seen {
						w.item(func() { w.media(b.media) })
					}
				})
				seen = nil
			}
		})
	})
	return seen
}

// joined puts texts into one, a line each.
func joined(texts []text) text { return join(texts, `\n`) }

func join(texts []text, between string) text {
	parts := make([][]byte, 0, len(texts))
	for _, t := range texts {
		if len(t) > 0 {
			parts = append(parts, t)
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return bytes.Join(parts, []byte(between))
}
