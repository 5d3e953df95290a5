package simulator

import (
	"slices"

	"crs/internal/usage"
)

// openAI imitates api.openai.com, as API keys see it.
type openAI struct {
	usage   usage.Tokens
	badKeys []string

	responses, compact, chat, completions, embeddings, images, edits, models endpoint
}

func newOpenAI(o Options) *openAI {
	a := &openAI{usage: o.Usage, badKeys: o.BadKeys}
	a.responses = endpoint{inference: true, admit: a.reading("input"), answer: a.answerResponse}
	a.compact = endpoint{inference: true, admit: a.reading("input"), answer: a.answerCompact}
	a.chat = endpoint{inference: true, admit: a.reading("messages"), answer: a.answerChat}
	a.completions = endpoint{inference: true, admit: a.reading("prompt"), answer: a.answerCompletion}
	a.embeddings = endpoint{inference: true, admit: a.reading("input"), answer: a.answerEmbeddings}
	a.images = endpoint{inference: true, admit: a.admitImage, answer: a.answerImage}
	a.edits = endpoint{inference: true, admit: a.admitImage, answer: a.answerEdit}
	a.models = endpoint{admit: a.identify, answer: a.answerModels}
	return a
}

func (a *openAI) find(method, path []byte) *endpoint {
	switch string(path) {
	case "/v1/responses":
		return on(method, "POST", &a.responses)
	case "/v1/responses/compact":
		return on(method, "POST", &a.compact)
	case "/v1/chat/completions":
		return on(method, "POST", &a.chat)
	case "/v1/completions":
		return on(method, "POST", &a.completions)
	case "/v1/embeddings":
		return on(method, "POST", &a.embeddings)
	case "/v1/images/generations":
		return on(method, "POST", &a.images)
	case "/v1/images/edits":
		return on(method, "POST", &a.edits)
	case "/v1/models":
		return on(method, "GET", &a.models)
	}
	return nil
}

// reading is an admission that reads the prompt from a field.
func (a *openAI) reading(field string) func(*call) *failure {
	return func(c *call) *failure {
		if f := a.identify(c); f != nil {
			return f
		}
		return readOpenAI(c, field)
	}
}

// identify finds out who calls.
func (a *openAI) identify(c *call) *failure {
	bearer := c.bearer()
	if len(bearer) == 0 {
		return &failure{status: 401, kind: invalid, message: "Missing bearer or basic authentication in header"}
	}
	c.credential = string(bearer)
	c.account = c.credential
	if slices.Contains(a.badKeys, c.credential) {
		return &failure{status: 401, kind: invalid, detail: "invalid_api_key", message: wrongKey}
	}
	return nil
}

const wrongKey = "Incorrect API key provided: sk-*****. You can find your API key at https://platform.openai.com/account/api-keys."

// appendRequestID begins the header lines of any answer in the scratch of c.
func appendRequestID(c *call) []byte {
	b := append(c.scratch, "x-request-id: "...)
	b = appendID(b, "req_", c.number)
	return append(b, '\r', '\n')
}

const (
	openAIHost   = "openai-version: 2020-10-01\r\nopenai-organization: org-simulated\r\nopenai-processing-ms: 123\r\n"
	openAILimits = "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-limit-tokens: 30000000\r\n" +
		"x-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 29999000\r\n" +
		"x-ratelimit-reset-requests: 6ms\r\nx-ratelimit-reset-tokens: 2ms\r\n"
)

// fields renders the header lines of a success.
func (a *openAI) fields(c *call) []byte {
	return c.keep(append(appendRequestID(c), openAIHost+openAILimits...))
}

func (a *openAI) failure(c *call, st *step) failure {
	f := findOpenAI(st, openAIFailures)
	b := f.appendRetry(c.scratch, st)
	if f.spent != "" {
		reset, _ := f.times(st)
		b = append(b, "x-ratelimit-limit-"+f.spent+": 30000\r\nx-ratelimit-remaining-"+f.spent+": 0\r\n"...)
		b = appendField(b, "x-ratelimit-reset-"+f.spent, reset.String())
	}
	return f.on(c, st, c.keep(b))
}

func (a *openAI) refusal(c *call, f failure) reply {
	if f.page {
		return challenge(c)
	}
	r := reply{status: f.status, content: jsonType}
	r.fields = c.keep(append(append(appendRequestID(c), openAIHost...), f.fields...))
	b := appendError(append(c.scratch, `{"error":`...), f)
	r.body = c.keep(append(b, '}'))
	return r
}

func (a *openAI) errorEvent(c *call, kind string) []byte {
	return troubled(c, findOpenAI(&step{verb: vError, word: kind}, openAIFailures))
}

// troubled renders an error inside the stream that the answer is.
func troubled(c *call, f openAIFailure) []byte {
	s, ok := c.reply.stream.(interface{ trouble(f openAIFailure) []byte })
	if !ok {
		return nil // not reached: every stream of this family can
	}
	return s.trouble(f)
}

// openAITokens is what an answer of this family bills: it knows one kind of cache writes, and tells the reasoning.
func (s *shape) openAITokens(t usage.Tokens) usage.Tokens {
	t = s.tokens(t)
	t.CacheWrite1h = 0
	if s.thinking && !s.bill[reasoningFigure].given {
		t.Reasoning = t.Output / 2
	}
	return t
}

func (a *openAI) answerModels(c *call, _ *step) reply {
	return reply{status: 200, content: jsonType, fields: a.fields(c), body: []byte(openAIModels)}
}

const openAIModels = `{"object":"list","data":[` +
	`{"id":"gpt-5.5","object":"model","created":1776902400,"owned_by":"system"},` +
	`{"id":"gpt-5.2","object":"model","created":1765238400,"owned_by":"system"},` +
	`{"id":"gpt-5-mini","object":"model","created":1754352000,"owned_by":"system"},` +
	`{"id":"text-embedding-3-small","object":"model","created":1705948997,"owned_by":"system"},` +
	`{"id":"gpt-image-1","object":"model","created":1745517030,"owned_by":"system"}]}`
