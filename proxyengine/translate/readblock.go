package translate

import (
	"bytes"
	"strings"
)

// readContent reads a content of Anthropic's: a string, or blocks.
func readContent(n node) (blocks []block, err error) {
	if n.isText() {
		return []block{{kind: aText, at: n.path, text: n.text()}}, nil
	}
	err = n.each(func(item node) error {
		more, err := readBlock(item)
		blocks = append(blocks, more...)
		return err
	})
	return blocks, err
}

// readBlock reads one block. It may come to none, or to several.
func readBlock(n node) ([]block, error) {
	kind := n.get("type")
	word := kind.word()
	switch word {
	case "text":
		t, err := n.get("text").must()
		return []block{{kind: aText, at: n.path, text: t}}, err
	case "image":
		m, err := readSource(n.get("source"))
		return []block{{kind: anImage, at: n.path, media: m}}, err
	case "document":
		return readDocument(n)
	case "search_result":
		return readSearchResult(n)
	case "thinking":
		return readThought(n)
	case "tool_use":
		c, err := readToolUse(n)
		return []block{{kind: aCall, at: n.path, call: c}}, err
	case "tool_reference":
		t, err := n.get("tool_name").must()
		return []block{{kind: aText, at: n.path, text: t}}, err
	case "redacted_thinking", "server_tool_use": // see the package's table
		return nil, nil
	case "tool_result":
		return nil, kind.refuse("a result stands in a message of the user")
	}
	if strings.HasSuffix(word, "_tool_result") {
		return nil, nil // of a tool that Anthropic ran: see the package's table
	}
	return nil, kind.refuse("%q cannot be translated", short(word))
}

// readSource reads where a picture or a document comes from.
func readSource(n node) (m media, err error) {
	switch kind := n.get("type"); kind.word() {
	case "base64":
		if m.mime = n.get("media_type").word(); !strings.Contains(m.mime, "/") {
			return m, n.get("media_type").refuse("it must be a media type")
		}
		m.data, err = n.get("data").must()
	case "url":
		m.url, err = n.get("url").must()
	default:
		err = kind.refuse("%q lies with Anthropic or cannot be translated; base64 and url can", short(kind.word()))
	}
	return m, err
}

func readDocument(n node) ([]block, error) {
	title, err := n.get("title").may()
	if err != nil {
		return nil, err
	}
	source := n.get("source")
	switch source.get("type").word() {
	case "text":
		t, err := source.get("data").must()
		return []block{{kind: aDocument, at: n.path, text: t, media: media{mime: "text/plain", name: title}}}, err
	case "content":
		blocks, err := readContent(source.get("content"))
		if title != nil {
			blocks = append([]block{{kind: aText, at: n.path, text: title}}, blocks...)
		}
		return blocks, err
	}
	m, err := readSource(source)
	if m.url != nil {
		m.mime = pdf // the only kind that Anthropic reads from a URL
	}
	m.name = title
	return []block{{kind: aDocument, at: n.path, media: m}}, err
}

// readSearchResult gives its text, with where it is from in front.
func readSearchResult(n node) ([]block, error) {
	title, err := n.get("title").must()
	if err != nil {
		return nil, err
	}
	source, err := n.get("source").must()
	if err != nil {
		return nil, err
	}
	blocks, err := readContent(n.get("content"))
	head := bytes.Join([][]byte{title, source}, []byte(`\n`))
	return append([]block{{kind: aText, at: n.path, text: head}}, blocks...), err
}

// What stands before the seal of another vendor in a signature of Anthropic's, so that nobody is sent another's.
const (
	sealGemini = "crs:gemini#"
	sealOpenAI = "crs:openai#"
	sealChat   = "crs:chat#"
)

// readThought reads a thought, and whose it is by its signature.
func readThought(n node) ([]block, error) {
	t, err := n.get("thinking").must()
	if err != nil {
		return nil, err
	}
	b := block{kind: aThought, at: n.path, text: t, seal: seal{by: byAnthropic, sign: n.get("signature").value.text()}}
	for _, other := range [...]struct {
		mark string
		by   vendor
	}{{sealGemini, byGemini}, {sealOpenAI, byOpenAI}, {sealChat, byChat}} {
		if sign, ok := bytes.CutPrefix(b.seal.sign, []byte(other.mark)); ok {
			b.seal = seal{by: other.by, sign: sign}
		}
	}
	return []block{b}, nil
}

func readToolUse(n node) (*call, error) {
	id, err := n.get("id").must()
	if err != nil {
		return nil, err
	}
	name, err := n.get("name").must()
	if err != nil {
		return nil, err
	}
	input := n.get("input")
	if !input.isObject() {
		return nil, input.refuse("it must be an object")
	}
	c := &call{at: n.path.member("id"), name: name, args: input.value}
	c.id, c.own = unwrapID(id.plain())
	return c, nil
}

func readResult(n node) (*result, error) {
	id, err := n.get("tool_use_id").must()
	if err != nil {
		return nil, err
	}
	r := &result{at: n.path.member("tool_use_id"), failed: n.value.get("is_error").flag()}
	r.id, _ = unwrapID(id.plain())
	if content := n.get("content"); content.given() {
		r.blocks, err = readContent(content)
	}
	return r, err
}
