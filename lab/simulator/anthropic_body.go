package simulator

import "bytes"

// anthropicBody is what the messages endpoints read of a request.
type anthropicBody struct {
	prompt
	maxTokens []byte
	messages  int    // -1 when there is no such member
	notList   bool   // messages is something else than a list
	extra     string // a member that counting tokens does not take
	said      []byte
}

func (a *anthropic) admitMessages(c *call) *failure { return a.admitPrompt(c, true) }

// admitCount checks a request to count tokens, which has no limit of its own.
func (a *anthropic) admitCount(c *call) *failure { return a.admitPrompt(c, false) }

func (a *anthropic) admitPrompt(c *call, wantMax bool) *failure {
	if f := a.admitCaller(c); f != nil {
		return f
	}
	return readAnthropic(c, wantMax)
}

// readAnthropic reads the prompt and checks it.
func readAnthropic(c *call, wantMax bool) *failure {
	b := anthropicBody{messages: -1}
	if !b.read(c.body) {
		return invalidRequest("The request body is not valid JSON.")
	}
	b.ping = bytes.Contains(b.said, []byte("ping"))
	c.prompt = b.prompt
	return b.check(wantMax)
}

func (b *anthropicBody) check(wantMax bool) *failure {
	switch {
	case b.model == nil:
		return invalidRequest("model: Field required")
	case b.model[0] != '"':
		return invalidRequest("model: Input should be a valid string")
	case wantMax && b.maxTokens == nil:
		return invalidRequest("max_tokens: Field required")
	case wantMax && !isCount(b.maxTokens):
		return invalidRequest("max_tokens: Input should be a valid integer")
	case b.notList:
		return invalidRequest("messages: Input should be a valid list")
	case b.messages < 0:
		return invalidRequest("messages: Field required")
	case b.messages == 0:
		return invalidRequest("messages: at least one message is required")
	case !wantMax && b.extra != "":
		return invalidRequest(b.extra + ": Extra inputs are not permitted")
	}
	return nil
}

func isCount(raw []byte) bool {
	for _, c := range raw {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func (b *anthropicBody) read(body []byte) bool {
	r := reader{b: body}
	return r.document(func(key []byte) {
		switch string(key) {
		case "model":
			b.model = r.value()
		case "max_tokens":
			b.maxTokens = r.value()
		case "stream":
			b.stream = string(r.value()) == "true"
		case "messages":
			b.readMessages(&r)
		case "metadata", "context_management", "diagnostics":
			b.extra = string(key)
			r.value()
		default:
			r.value()
		}
	})
}

func (b *anthropicBody) readMessages(r *reader) {
	if r.peek() != '[' {
		b.notList = true
		r.value()
		return
	}
	b.messages = 0
	r.array(func() {
		b.messages++
		if r.peek() == '{' {
			b.readMessage(r)
			return
		}
		r.value()
	})
}

// readMessage keeps what the last message of the user says.
func (b *anthropicBody) readMessage(r *reader) {
	var role, text, said []byte
	r.object(func(key []byte) {
		switch string(key) {
		case "role":
			role = r.value()
		case "content":
			r.peek()
			from := r.i
			text = readContent(r)
			said = r.b[from:r.i]
		default:
			r.value()
		}
	})
	if string(role) == `"user"` {
		b.text, b.said = text, said
	}
}

// readContent reads a string, or a list of blocks of which it gives the last text.
func readContent(r *reader) (text []byte) {
	switch r.peek() {
	case '"':
		return r.text()
	case '[':
		r.array(func() {
			if t := readBlock(r); t != nil {
				text = t
			}
		})
		return text
	}
	r.value()
	return nil
}

func readBlock(r *reader) (text []byte) {
	if r.peek() != '{' {
		r.value()
		return nil
	}
	r.object(func(key []byte) {
		if string(key) == "text" && r.peek() == '"' {
			text = r.text()
			return
		}
		r.value()
	})
	return text
}
