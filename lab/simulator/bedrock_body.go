package simulator

import (
	"bytes"
	"slices"
	"strings"
)

// bedrockBody is what is read of the body of an invocation.
type bedrockBody struct {
	anthropicBody
	version []byte
	beta    string // one that is not known
}

const malformed = "Malformed input request, please reformat your input and try again."

// bedrockVersion is the only one there is.
const bedrockVersion = "bedrock-2023-05-31"

// bedrockBetas are the betas Bedrock knows; a name that ends in * stands for all that begin so.
var bedrockBetas = []string{
	"interleaved-thinking-2025-05-14", "context-1m-2025-08-07", "fine-grained-tool-streaming-2025-05-14",
	"token-efficient-tools-2025-02-19", "output-128k-2025-02-19", "computer-use-*", "tool-search-tool-2025-10-19",
}

// readBedrock reads the body of an invocation and checks it.
func readBedrock(c *call, body []byte) *failure {
	b := bedrockBody{anthropicBody: anthropicBody{messages: -1}}
	if !b.read(body) {
		return invalidInput(malformed)
	}
	c.prompt.text, c.prompt.ping = b.text, bytes.Contains(b.said, []byte("ping"))
	if f := b.check(); f != nil {
		return f
	}
	if extra := strangeCacheControl(body); extra != "" {
		return invalidInput("cache_control.ephemeral." + extra + ": Extra inputs are not permitted")
	}
	return nil
}

func (b *bedrockBody) read(body []byte) bool {
	r := reader{b: body}
	return r.document(func(key []byte) {
		switch string(key) {
		case "anthropic_version":
			b.version = r.value()
		case "anthropic_beta":
			b.readBetas(&r)
		case "max_tokens":
			b.maxTokens = r.value()
		case "messages":
			b.readMessages(&r)
		case "system", "temperature", "top_p", "top_k", "stop_sequences", "tools", "tool_choice", "thinking", "metadata":
			r.value()
		default:
			b.extra = string(key)
			r.value()
		}
	})
}

func (b *bedrockBody) readBetas(r *reader) {
	if r.peek() != '[' {
		b.beta = "no list"
		r.value()
		return
	}
	r.array(func() {
		if name := strings.Trim(string(r.value()), `"`); !slices.ContainsFunc(bedrockBetas, func(known string) bool { return matches(name, known) }) {
			b.beta = name
		}
	})
}

func matches(name, known string) bool {
	if begin, all := strings.CutSuffix(known, "*"); all {
		return strings.HasPrefix(name, begin)
	}
	return name == known
}

func (b *bedrockBody) check() *failure {
	switch {
	case b.version == nil:
		return invalidInput("anthropic_version: Field required")
	case string(b.version) != `"`+bedrockVersion+`"`:
		return invalidInput("Invalid API version")
	case b.extra != "":
		return invalidInput(b.extra + ": Extra inputs are not permitted")
	case b.beta != "":
		return invalidInput("invalid beta flag")
	}
	b.model = []byte(`""`) // it is in the path
	if f := b.anthropicBody.check(true); f != nil {
		return invalidInput(f.message)
	}
	return nil
}

// strangeCacheControl finds a member that Bedrock does not take in a cache_control object, wherever that is, but in what
// tools are given.
func strangeCacheControl(body []byte) (extra string) {
	if !bytes.Contains(body, []byte(`"cache_control"`)) {
		return ""
	}
	r := reader{b: body}
	control := func(key []byte) {
		if string(key) != "type" && string(key) != "ttl" {
			extra = string(key)
		}
		r.value()
	}
	var walk func()
	member := func(key []byte) {
		switch string(key) {
		case "cache_control":
			if r.peek() == '{' {
				r.object(control)
				return
			}
			r.value()
		case "input", "input_schema":
			r.value()
		default:
			walk()
		}
	}
	walk = func() {
		switch r.peek() {
		case '{':
			r.object(member)
		case '[':
			r.array(walk)
		default:
			r.value()
		}
	}
	walk()
	return extra
}
