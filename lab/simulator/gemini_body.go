package simulator

import (
	"bytes"
	"strconv"
)

// geminiBody is what is read of a request to generate content, or to count or embed it.
type geminiBody struct {
	contents int // -1 when there is no such member
	notList  bool
	nested   bool   // the whole request is in a member
	strange  string // a member that does not exist
	role     []byte // one that does not exist
	text     []byte // the last the user said, still escaped
	said     []byte // and the whole content it is in
}

// admitPrompt checks the caller, then the body.
func (a *gemini) admitPrompt(c *call) *failure {
	b, f := a.read(c)
	if f != nil {
		return f
	}
	return b.check("GenerateContentRequest")
}

func (a *gemini) admitCount(c *call) *failure {
	b, f := a.read(c)
	if f != nil {
		return f
	}
	return b.check("CountTokensRequest")
}

// read identifies the caller and reads the body.
func (a *gemini) read(c *call) (geminiBody, *failure) {
	b := geminiBody{contents: -1}
	if f := a.identify(c); f != nil {
		return b, f
	}
	model, _ := modelAndAction(c.path)
	c.nameModel(model)
	r := reader{b: c.body}
	if !r.document(func(key []byte) { b.member(&r, key) }) {
		return b, unreadableJSON()
	}
	b.keep(c)
	return b, nil
}

// keep takes up what answers need.
func (b *geminiBody) keep(c *call) {
	c.prompt.text, c.prompt.ping = b.text, bytes.Contains(b.said, []byte("ping"))
}

func (b *geminiBody) check(message string) *failure {
	switch {
	case b.strange != "":
		return badArgument(`Invalid JSON payload received. Unknown name "` + b.strange + `": Cannot find field.`)
	case b.notList:
		return badArgument("Invalid value at 'contents' (type.googleapis.com/google.ai.generativelanguage.v1beta.Content)")
	case b.contents <= 0:
		return badArgument("* " + message + ".contents: contents is not specified\n")
	case b.role != nil:
		return badArgument("Please use a valid role: user, model.")
	}
	return nil
}

func badArgument(message string) *failure { return googleFailure(400, "INVALID_ARGUMENT", message) }

func unreadableJSON() *failure {
	return badArgument("Invalid JSON payload received. Expected an object key or }.")
}

// member reads one member of the request.
func (b *geminiBody) member(r *reader, key []byte) {
	switch string(key) {
	case "contents":
		b.readContents(r)
	case "generateContentRequest", "generate_content_request":
		b.nested = true
		r.object(func(key []byte) { b.member(r, key) })
	case "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "cachedContent",
		"system_instruction", "tool_config", "safety_settings", "generation_config", "cached_content",
		"model", "labels", "serviceTier", "service_tier", "store":
		r.value()
	default:
		b.strange = string(key)
		r.value()
	}
}

func (b *geminiBody) readContents(r *reader) {
	if r.peek() != '[' {
		b.notList = true
		r.value()
		return
	}
	b.contents = 0
	r.array(func() {
		b.contents++
		if r.peek() != '{' {
			b.notList = true
			r.value()
			return
		}
		b.readContent(r)
	})
}

// readContent keeps what the user says, who is also whoever is not named.
func (b *geminiBody) readContent(r *reader) {
	from := r.i
	var role, text []byte
	r.object(func(key []byte) {
		switch string(key) {
		case "role":
			role = r.value()
		case "parts":
			text = readContent(r)
		default:
			r.value()
		}
	})
	switch string(role) {
	case "", `"user"`:
		b.text, b.said = text, r.b[min(from, r.i):r.i]
	case `"model"`, `"function"`:
	default:
		b.role = role
	}
}

// admitEmbed checks a request to embed one text, or a list of such requests.
func (a *gemini) admitEmbed(c *call) *failure {
	if f := a.identify(c); f != nil {
		return f
	}
	model, action := modelAndAction(c.path)
	c.nameModel(model)
	r, content := reader{b: c.body}, 0
	one := func(key []byte) {
		if string(key) == "content" && r.peek() == '{' {
			content++
		}
		r.value()
	}
	read := one
	if string(action) == "batchEmbedContents" {
		read = func(key []byte) {
			if string(key) != "requests" {
				r.value()
				return
			}
			r.array(func() {
				c.prompt.parts++
				r.object(one)
			})
		}
	}
	switch {
	case !r.document(read):
		return unreadableJSON()
	case content == 0 || content < c.prompt.parts:
		return badArgument("* EmbedContentRequest.content: contents is not specified, " + strconv.Itoa(content) + " found\n")
	}
	return nil
}
