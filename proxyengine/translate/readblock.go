package translate

import (
	"bytes"
	"strings"
)

// readContent reads a content of Anthropic's: a string, or blocks.
func readContent(n node) (blocks []block) {
	if n.isText() {
		return []block{n.says(n.text())}
	}
	for item := range n.each() {
		blocks = append(blocks, readBlock(item)...)
	}
	return blocks
}

// readBlock reads one block. It may come to none, or to several.
func readBlock(n node) []block {
	kind := n.get("type")
	switch word := kind.word(); {
	case word == "text":
		return []block{n.says(n.get("text").must())}
	case word == "image":
		return []block{{kind: anImage, at: n.path, media: readSource(n.get("source"))}}
	case word == "document":
		return readDocument(n)
	case word == "search_result":
		// where it is from stands in front of its text
		head := bytes.Join([][]byte{n.get("title").must(), n.get("source").must()}, []byte(`\n`))
		return append([]block{n.says(head)}, readContent(n.get("content"))...)
	case word == "thinking":
		return []block{readThought(n)}
	case word == "tool_use":
		return []block{{kind: aCall, at: n.path, call: readToolUse(n)}}
	case word == "tool_reference":
		return []block{n.says(n.get("tool_name").must())}
	case word == "tool_result":
		kind.refuse("a result stands in a message of the user")
	case word == "redacted_thinking", word == "server_tool_use", strings.HasSuffix(word, "_tool_result"): // see the package's table
	default:
		kind.refuse("%q cannot be translated", short(word))
	}
	return nil
}

// readSource reads where a picture or a document comes from.
func readSource(n node) (m media) {
	switch kind := n.get("type"); kind.word() {
	case "base64":
		if m.mime = n.get("media_type").word(); !strings.Contains(m.mime, "/") {
			n.get("media_type").refuse("it must be a media type")
		}
		m.data = n.get("data").must()
	case "url":
		m.url = n.get("url").must()
	default:
		kind.refuse("%q lies with Anthropic or cannot be translated; base64 and url can", short(kind.word()))
	}
	return m
}

func readDocument(n node) []block {
	title, source := n.get("title").may(), n.get("source")
	switch source.get("type").word() {
	case "text":
		return []block{{kind: aDocument, at: n.path, text: source.get("data").must(), media: media{mime: "text/plain", name: title}}}
	case "content":
		blocks := readContent(source.get("content"))
		if title != nil {
			blocks = append([]block{n.says(title)}, blocks...)
		}
		return blocks
	}
	m := readSource(source)
	if m.url != nil {
		m.mime = pdf // the only kind that Anthropic reads from a URL
	}
	m.name = title
	return []block{{kind: aDocument, at: n.path, media: m}}
}

// What stands before the seal of another vendor in a signature of Anthropic's, so that nobody is sent another's.
const (
	sealGemini = "crs:gemini#"
	sealOpenAI = "crs:openai#"
	sealChat   = "crs:chat#"
)

// readThought reads a thought, and whose it is by its signature.
func readThought(n node) block {
	b := block{kind: aThought, at: n.path, text: n.get("thinking").must(), seal: seal{by: byAnthropic, sign: n.get("signature").value.text()}}
	for mark, by := range map[string]vendor{sealGemini: byGemini, sealOpenAI: byOpenAI, sealChat: byChat} {
		if sign, ok := bytes.CutPrefix(b.seal.sign, []byte(mark)); ok {
			b.seal = seal{by: by, sign: sign}
			break
		}
	}
	return b
}

func readToolUse(n node) *call {
	c := &call{at: n.path.member("id")}
	c.id, c.own = unwrapID(n.get("id").must().plain())
	c.name, c.args = n.get("name").must(), n.get("input").value
	if !c.args.isObject() {
		n.get("input").refuse("it must be an object")
	}
	return c
}

func readResult(n node) *result {
	r := &result{at: n.path.member("tool_use_id"), failed: n.value.get("is_error").flag()}
	r.id, _ = unwrapID(n.get("tool_use_id").must().plain())
	if content := n.get("content"); content.given() {
		r.blocks = readContent(content)
	}
	return r
}
