package translate

import (
	"bytes"
	"strings"
)

// readChatMessage reads one message of a chat.
func readChatMessage(c *conversation, m node) error {
	switch role := m.get("role"); role.word() {
	case "system", "developer":
		blocks, err := readTexts(m.get("content"))
		if err != nil {
			return err
		}
		if c.turns == nil {
			c.system = append(c.system, blocks...)
		} else {
			c.add(bySystem, m.path, nil, blocks)
		}
		return nil
	case "user":
		blocks, err := readChatContent(m.get("content"))
		c.add(byUser, m.path, nil, blocks)
		return err
	case "assistant":
		blocks, err := readAssistant(m)
		c.add(byModel, m.path, nil, blocks)
		return err
	case "tool":
		r, err := readToolMessage(m)
		c.add(byUser, m.path, []*result{r}, nil)
		return err
	default:
		return role.refuse("it must be system, developer, user, assistant or tool")
	}
}

func readToolMessage(m node) (*result, error) {
	id, err := m.get("tool_call_id").must()
	if err != nil {
		return nil, err
	}
	blocks, err := readChatContent(m.get("content"))
	return &result{id: id.plain(), at: m.path.member("tool_call_id"), blocks: blocks}, err
}

// readTexts reads a content that may hold nothing but text.
func readTexts(n node) ([]block, error) {
	blocks, err := readChatContent(n)
	for _, b := range blocks {
		if b.kind != aText {
			return nil, b.at.member("type").refuse("there can only be text here")
		}
	}
	return blocks, err
}

// readChatContent reads a content: a string, or parts.
func readChatContent(n node) (blocks []block, err error) {
	if !n.given() {
		return nil, nil
	}
	if n.isText() {
		return []block{{kind: aText, at: n.path, text: n.text()}}, nil
	}
	err = n.each(func(part node) error {
		b, err := readPart(part)
		if err == nil {
			b.at, b.cache = part.path, part.value.get("cache_control")
			blocks = append(blocks, b)
		}
		return err
	})
	return blocks, err
}

func readPart(n node) (b block, err error) {
	switch kind := n.get("type"); kind.word() {
	case "text":
		b.text, err = n.get("text").must()
	case "refusal":
		b.text, err = n.get("refusal").must()
	case "image_url":
		b.kind = anImage
		b.media, err = readURL(n.get("image_url").get("url"))
	case "input_audio":
		b.kind = anAudio
		b.media, err = readAudio(n.get("input_audio"))
	case "file":
		return readFile(n.get("file"))
	default:
		err = kind.refuse("it must be text, image_url, input_audio or file")
	}
	return b, err
}

func readAudio(n node) (m media, err error) {
	format := n.get("format")
	if f := format.word(); f != "wav" && f != "mp3" {
		return m, format.refuse("it must be wav or mp3")
	}
	m.mime = "audio/" + format.word()
	m.data, err = n.get("data").must()
	return m, err
}

// readFile reads a document that came with the request. One that lies with OpenAI is out of reach.
func readFile(n node) (b block, err error) {
	if id := n.get("file_id"); id.given() {
		return b, id.refuse("the file lies with OpenAI, where the account that serves this model cannot read it; send file_data")
	}
	data := n.get("file_data")
	if b.media, err = readURL(data); err != nil {
		return b, err
	}
	b.kind, b.media.name = aDocument, n.get("filename").value.text()
	switch {
	case b.media.url != nil:
		return b, data.refuse("it must be a data: URL")
	case strings.HasPrefix(b.media.mime, "image/"):
		b.kind = anImage
	case strings.HasPrefix(b.media.mime, "text/"):
		return readTextFile(b, data)
	case b.media.mime != pdf:
		return b, data.refuse("%s cannot be translated; PDF, images and plain text can", short(b.media.mime))
	}
	return b, nil
}

const pdf = "application/pdf"

func readTextFile(b block, data node) (block, error) {
	plain, err := fromBase64(b.media.data)
	if err != nil {
		return b, data.refuse("it is not base64")
	}
	b.text, b.media.mime, b.media.data = escaped(plain), "text/plain", nil
	return b, nil
}

// readURL reads a URL: one with the data in it is taken apart.
func readURL(n node) (m media, err error) {
	t, err := n.must()
	if err != nil {
		return m, err
	}
	scheme, _, _ := bytes.Cut(t, []byte(":"))
	switch strings.ToLower(string(scheme)) {
	case "https", "http":
		m.url = t
		return m, nil
	case "data":
	default:
		return m, n.refuse("it must be an http, https or data: URL")
	}
	head, data, found := bytes.Cut(t[len("data:"):], []byte(","))
	mime, ok := strings.CutSuffix(text(head).plain(), ";base64")
	if !found || !ok || !strings.Contains(mime, "/") {
		return m, n.refuse("a data: URL must hold base64, as data:image/png;base64,… does")
	}
	mime, _, _ = strings.Cut(mime, ";") // parameters
	m.mime, m.data = strings.ToLower(strings.TrimSpace(mime)), data
	if m.mime == "image/jpg" {
		m.mime = "image/jpeg" // what everybody means by it
	}
	return m, nil
}

// readAssistant reads what the model said in a chat: its thoughts, where the client kept them with their signatures, its
// words, and then its calls.
func readAssistant(m node) ([]block, error) {
	if audio := m.get("audio"); audio.given() {
		return nil, audio.refuse("it lies with OpenAI, where the account that serves this model cannot read it")
	}
	if old := m.get("function_call"); old.given() {
		return nil, old.refuse("it has been replaced by tool_calls; only those can be translated")
	}
	blocks := readDetails(m.get("reasoning_details"))
	words, err := readTexts(m.get("content"))
	if err != nil {
		return nil, err
	}
	blocks = append(blocks, words...)
	if refusal := m.get("refusal"); refusal.isText() {
		blocks = append(blocks, block{kind: aText, at: refusal.path, text: refusal.text()})
	}
	calls := m.get("tool_calls")
	if !calls.given() {
		return blocks, nil
	}
	err = calls.each(func(n node) error {
		call, err := readToolCall(n)
		blocks = append(blocks, block{kind: aCall, at: n.path, call: call})
		return err
	})
	return blocks, err
}

func readToolCall(n node) (*call, error) {
	if kind := n.get("type"); kind.given() && kind.word() != "function" {
		return nil, kind.refuse("only function calls can be translated")
	}
	id, err := n.get("id").must()
	if err != nil {
		return nil, err
	}
	name, err := n.get("function").get("name").must()
	if err != nil {
		return nil, err
	}
	args, err := n.get("function").get("arguments").may()
	if err != nil {
		return nil, err
	}
	sign := n.value.get("extra_content").get("google").get("thought_signature").text()
	return &call{id: id.plain(), at: n.path.member("id"), name: name, args: arguments(args), sign: sign}, nil
}

// details is how the thoughts of Claude are marked among a message's reasoning_details, so that only it gets them back.
const details = "anthropic-claude-v1"

// readDetails reads what toChat wrote. What others wrote there is not for Claude.
func readDetails(n node) (blocks []block) {
	for _, d := range n.items() {
		if d.get("format").word() != details {
			continue
		}
		b := block{kind: aThought, at: n.path, seal: seal{by: byAnthropic}}
		switch d.get("type").word() {
		case "reasoning.text":
			b.text, b.seal.sign = d.get("text").text(), d.get("signature").text()
		case "reasoning.encrypted":
			b.seal.hidden, b.seal.sign = true, d.get("data").text()
		}
		if len(b.seal.sign) > 0 {
			blocks = append(blocks, b)
		}
	}
	return blocks
}
