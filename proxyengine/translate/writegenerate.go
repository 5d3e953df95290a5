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
	w.array("contents", w.contents)
	w.tools()
	w.config()
	w.end('}')
	return w.b, written{maxTokens: c.maxTokens}, w.err
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
		w.item("text", t)
	}
}

func (w *generateWriter) contents() {
	var before []*call
	for i := range w.c.turns {
		t := &w.c.turns[i]
		if t.empty() {
			w.fail(t.at.refuse("there must be something in it besides white space"))
		}
		w.item("role", map[role]string{byUser: "user", byModel: "model"}[t.role], func() {
			w.array("parts", func() {
				w.results(before, t.results)
				w.parts(t.blocks)
			})
		})
		before = t.calls()
	}
}

func (w *generateWriter) parts(blocks []block) {
	var sign text
	first := true
	for _, b := range blocks {
		switch b.kind {
		case aText:
			w.textPart(b.text)
		case anImage, anAudio:
			w.media(b.media)
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
	said := fields{"functionCall", fields{"id", c.id, "name", c.name, "args", c.args}}
	if len(sign) > 0 {
		said = append(said, "thoughtSignature", sign)
	}
	w.item(said...)
}

func (w *generateWriter) document(b block) {
	if b.media.mime != "text/plain" {
		w.media(b.media)
		return
	}
	w.textPart(b.media.name)
	w.textPart(b.text)
}

func (w *generateWriter) media(m media) {
	switch mime := mimeOf(m); {
	case m.url == nil:
		w.item("inlineData", fields{"mimeType", m.mime, "data", m.data})
	case mime == "":
		w.item("fileData", fields{"fileUri", m.url})
	default:
		w.item("fileData", fields{"mimeType", mime, "fileUri", m.url})
	}
}

// mimeOf tells what is behind a URL, as far as its path says.
func mimeOf(m media) string {
	if m.mime != "" {
		return m.mime
	}
	url, _, _ := strings.Cut(m.url.plain(), "?")
	return map[string]string{
		"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif", "heic": "image/heic", "pdf": pdf,
	}[strings.ToLower(url[strings.LastIndexByte(url, '.')+1:])]
}

// results writes what the calls of the turn before came to, in their order: Gemini counts them off. What pictures there
// are in them stands inside from Gemini 3 on, and behind them before that.
func (w *generateWriter) results(calls []*call, results []*result) {
	var behind []block
	for _, c := range calls {
		if i := slices.IndexFunc(results, func(r *result) bool { return r.call == c }); i >= 0 {
			behind = append(behind, w.result(results[i])...)
		}
	}
	w.pictures(behind)
}

func (w *generateWriter) pictures(seen []block) {
	for _, b := range seen {
		w.media(b.media)
	}
}

func (w *generateWriter) result(r *result) (behind []block) {
	words, seen := r.split()
	key := "output"
	if r.failed {
		key = "error"
	}
	response := fields{"id", r.call.id, "name", r.call.name, "response", fields{key, words}}
	if len(seen) > 0 && w.gemini.levels() {
		response = append(response, func() { w.array("parts", func() { w.pictures(seen) }) })
	} else {
		behind = seen
	}
	w.item("functionResponse", response)
	return behind
}

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
