package translate

import (
	"bytes"
	"strings"
)

// readChatMessage reads one message of a chat.
func readChatMessage(c *conversation, m node) {
	content := m.get("content")
	switch role := m.get("role"); role.word() {
	case "system", "developer":
		if blocks := onlyTexts(m, readChatContent(content)); c.turns == nil {
			c.system = append(c.system, blocks...)
		} else {
			c.add(bySystem, m.path, nil, blocks)
		}
	case "user":
		c.add(byUser, m.path, nil, readChatContent(content))
	case "assistant":
		c.add(byModel, m.path, nil, readAssistant(m))
	case "tool":
		id := m.get("tool_call_id")
		c.add(byUser, m.path, []*result{{id: id.must().plain(), at: id.path, blocks: readChatContent(content)}}, nil)
	default:
		role.refuse("it must be system, developer, user, assistant or tool")
	}
}

// readChatContent reads a content: a string, or parts.
func readChatContent(n node) (blocks []block) {
	switch {
	case !n.given():
		return nil
	case n.isText():
		return []block{n.says(n.text())}
	}
	for part := range n.each() {
		b := readPart(part)
		b.at, b.cache = part.path, part.value.get("cache_control")
		blocks = append(blocks, b)
	}
	return blocks
}

func readPart(n node) (b block) {
	switch kind := n.get("type"); kind.word() {
	case "text":
		b.text = n.get("text").must()
	case "refusal":
		b.text = n.get("refusal").must()
	case "image_url":
		b.kind, b.media = anImage, readURL(n.get("image_url").get("url"))
	case "input_audio":
		b.kind, b.media = anAudio, readAudio(n.get("input_audio"))
	case "file":
		return readFile(n.get("file"))
	default:
		kind.refuse("it must be text, image_url, input_audio or file")
	}
	return b
}

func readAudio(n node) media {
	mime := mustBe(n.get("format"), map[string]string{"wav": "audio/wav", "mp3": "audio/mp3"}, "wav or mp3")
	return media{mime: mime, data: n.get("data").must()}
}

// readFile reads a document that came with the request. One that lies with OpenAI is out of reach.
func readFile(n node) block {
	if id := n.get("file_id"); id.given() {
		id.refuse("the file lies with OpenAI, where the account that serves this model cannot read it; send file_data")
	}
	data := n.get("file_data")
	b := block{kind: aDocument, media: readURL(data)}
	b.media.name = n.get("filename").value.text()
	switch {
	case b.media.url != nil:
		data.refuse("it must be a data: URL")
	case strings.HasPrefix(b.media.mime, "image/"):
		b.kind = anImage
	case strings.HasPrefix(b.media.mime, "text/"):
		plain, err := fromBase64(b.media.data)
		if err != nil {
			data.refuse("it is not base64")
		}
		b.text, b.media.mime, b.media.data = escaped(plain), "text/plain", nil
	case b.media.mime != pdf:
		data.refuse("%s cannot be translated; PDF, images and plain text can", short(b.media.mime))
	}
	return b
}

const pdf = "application/pdf"

// readURL reads a URL: one with the data in it is taken apart.
func readURL(n node) (m media) {
	t := n.must()
	scheme, rest, _ := bytes.Cut(t, []byte(":"))
	switch strings.ToLower(string(scheme)) {
	case "https", "http":
		return media{url: t}
	case "data":
	default:
		n.refuse("it must be an http, https or data: URL")
	}
	head, data, found := bytes.Cut(rest, []byte(","))
	mime, ok := strings.CutSuffix(text(head).plain(), ";base64")
	if !found || !ok || !strings.Contains(mime, "/") {
		n.refuse("a data: URL must hold base64, as data:image/png;base64,… does")
	}
	mime, _, _ = strings.Cut(mime, ";") // parameters
	m.mime, m.data = strings.ToLower(strings.TrimSpace(mime)), data
	if m.mime == "image/jpg" {
		m.mime = "image/jpeg" // what everybody means by it
	}
	return m
}

// readAssistant reads what the model said in a chat: its thoughts, where the client kept them with their signatures, its
// words, and then its calls.
func readAssistant(m node) []block {
	if audio := m.get("audio"); audio.given() {
		audio.refuse("it lies with OpenAI, where the account that serves this model cannot read it")
	}
	if old := m.get("function_call"); old.given() {
		old.refuse("it has been replaced by tool_calls; only those can be translated")
	}
	content := m.get("content")
	blocks := append(readDetails(m.get("reasoning_details")), onlyTexts(m, readChatContent(content))...)
	if refusal := m.get("refusal"); refusal.isText() {
		blocks = append(blocks, refusal.says(refusal.text()))
	}
	if calls := m.get("tool_calls"); calls.given() {
		for n := range calls.each() {
			blocks = append(blocks, block{kind: aCall, at: n.path, call: readToolCall(n)})
		}
	}
	return blocks
}

func readToolCall(n node) *call {
	if kind := n.get("type"); kind.given() && kind.word() != "function" {
		kind.refuse("only function calls can be translated")
	}
	id, f := n.get("id"), n.get("function")
	return &call{
		id: id.must().plain(), at: id.path, name: f.get("name").must(), args: arguments(f.get("arguments").may()),
		sign: n.value.get("extra_content").get("google").get("thought_signature").text(),
	}
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
