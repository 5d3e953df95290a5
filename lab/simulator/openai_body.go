package simulator

import "bytes"

// asked is what a request in one of OpenAI's protocols asks for besides the prompt. Its bytes are JSON as it was sent.
type asked struct {
	members [len(echoed)][]byte // those that the answer repeats
	tier    []byte              // service_tier
	usage   bool                // the stream is to end with the usage
	sealed  bool                // reasoning is to come encrypted
	list    bool                // the prompt is a list
	parts   int                 // how many messages, items or texts the prompt has
	count   int                 // how many answers, where an endpoint gives several
	size    int                 // dimensions of an embedding
	base64  bool                // embeddings are to come packed
}

// echoed are the members of a request that a response repeats, and what it says without them. The Codex backend does not
// take all of them.
var echoed = [...]struct {
	name, usual string
	notCodex    bool
}{
	{name: "background", usual: "false"},
	{name: "instructions", usual: "null"},
	{name: "max_output_tokens", usual: "null", notCodex: true},
	{name: "max_tool_calls", usual: "null"},
	{name: "metadata", usual: "{}", notCodex: true},
	{name: "parallel_tool_calls", usual: "true"},
	{name: "previous_response_id", usual: "null", notCodex: true},
	{name: "prompt_cache_key", usual: "null"},
	{name: "prompt_cache_retention", usual: "null", notCodex: true},
	{name: "reasoning", usual: `{"effort":null,"summary":null}`},
	{name: "safety_identifier", usual: "null", notCodex: true},
	{name: "store", usual: "true"},
	{name: "temperature", usual: "1.0", notCodex: true},
	{name: "text", usual: `{"format":{"type":"text"},"verbosity":"medium"}`},
	{name: "tool_choice", usual: `"auto"`},
	{name: "tools", usual: "[]"},
	{name: "top_logprobs", usual: "0"},
	{name: "top_p", usual: "1.0", notCodex: true},
	{name: "truncation", usual: `"disabled"`, notCodex: true},
	{name: "user", usual: "null", notCodex: true},
}

// member gives what the request says of an echoed member, or nil.
func (a *asked) member(name string) []byte {
	for i, e := range echoed {
		if e.name == name {
			return a.members[i]
		}
	}
	return nil
}

// openAIBody reads a request into a call.
type openAIBody struct {
	call  *call
	field string // where the prompt is
	found bool   // it is there
	wrong bool   // it is neither text nor a list
	said  []byte
}

// readOpenAI reads a request whose prompt is in a field, and checks it.
func readOpenAI(c *call, field string) *failure { return readUnpacked(c, c.body, field) }

// readUnpacked does that with a body that was not sent as it is read.
func readUnpacked(c *call, body []byte, field string) *failure {
	b := openAIBody{call: c, field: field}
	if !b.read(body) {
		return unreadableBody()
	}
	if f := b.checkModel(); f != nil {
		return f
	}
	return b.checkPrompt()
}

func (b *openAIBody) checkModel() *failure {
	switch model := b.call.prompt.model; {
	case model == nil:
		return badRequest("model", "missing_required_parameter", "Missing required parameter: 'model'.")
	case model[0] != '"':
		return badRequest("model", "invalid_type", "Invalid type for 'model': expected a string.")
	}
	return nil
}

func (b *openAIBody) checkPrompt() *failure {
	switch {
	case !b.found:
		return badRequest(b.field, "missing_required_parameter", "Missing required parameter: '"+b.field+"'.")
	case b.wrong, b.field == "messages" && !b.call.asked.list:
		return badRequest(b.field, "invalid_type", "Invalid type for '"+b.field+"': expected an array.")
	case b.field == "messages" && b.call.asked.parts == 0:
		return badRequest(b.field, "empty_array", "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.")
	}
	return nil
}

func unreadableBody() *failure {
	return badRequest("", "", "We could not parse the JSON body of your request. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.")
}

func badRequest(param, code, message string) *failure {
	return &failure{status: 400, kind: invalid, detail: code, param: param, message: message}
}

func (b *openAIBody) read(body []byte) bool {
	r := reader{b: body}
	ok := r.document(func(key []byte) { b.readMember(&r, key) })
	b.call.prompt.ping = bytes.Contains(b.said, []byte("ping"))
	return ok
}

func (b *openAIBody) readMember(r *reader, key []byte) {
	if string(key) == b.field {
		b.readPrompt(r)
		return
	}
	p, a := &b.call.prompt, &b.call.asked
	switch string(key) {
	case "model":
		p.model = r.value()
	case "stream":
		p.stream = string(r.value()) == "true"
	case "stream_options":
		readMembers(r, func(key []byte) {
			a.usage = string(r.value()) == "true" && string(key) == "include_usage" || a.usage
		})
	case "include":
		a.sealed = bytes.Contains(r.value(), []byte(`"reasoning.encrypted_content"`))
	case "service_tier":
		a.tier = r.value()
	case "n":
		a.count = smallCount(r.value())
	case "dimensions":
		a.size = smallCount(r.value())
	case "encoding_format":
		a.base64 = string(r.value()) == `"base64"`
	default:
		a.keep(key, r.value())
	}
}

// keep remembers a member that the answer repeats.
func (a *asked) keep(key, value []byte) {
	for i := range echoed {
		if string(key) == echoed[i].name {
			a.members[i] = value
			return
		}
	}
}

// readMembers reads an object, or skips what is none.
func readMembers(r *reader, visit func(key []byte)) {
	if r.peek() != '{' {
		r.value()
		return
	}
	r.object(visit)
}

// smallCount reads a number of things to make; what is no such number is 0.
func smallCount(raw []byte) int {
	const most = 4096
	n, err := parseCount(string(raw))
	if err != nil {
		return 0
	}
	return min(n, most)
}

// readPrompt reads a text, or a list of texts, messages or items.
func (b *openAIBody) readPrompt(r *reader) {
	b.found = true
	switch r.peek() {
	case '"':
		b.hear(r)
	case '[':
		b.call.asked.list, b.call.asked.parts = true, 0
		r.array(func() { b.readPart(r) })
	default:
		b.wrong = true
		r.value()
	}
}

// hear reads a text as what the user says.
func (b *openAIBody) hear(r *reader) {
	from := r.i
	b.call.prompt.text = r.text()
	b.said = r.b[from:r.i]
	b.call.asked.parts++
}

func (b *openAIBody) readPart(r *reader) {
	switch c := r.peek(); {
	case c == '"':
		b.hear(r)
	case c == '{':
		b.readTurn(r)
		b.call.asked.parts++
	case c >= '0' && c <= '9': // a list of tokens is one text
		r.value()
		b.call.asked.parts = 1
	default:
		r.value()
		b.call.asked.parts++
	}
}

// readTurn keeps what the last message of the user says. Items of other types have no role.
func (b *openAIBody) readTurn(r *reader) {
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
		b.call.prompt.text, b.said = text, said
	}
}
