package anthropic

import (
	"errors"
	"net/http"
	"strings"

	"crs/internal/bound"
	"crs/internal/jsonscan"
	"crs/internal/model"
	"crs/proxyengine/provider"
)

// request is the members of a body that the relay must know. The rest is the upstream's business.
type request struct {
	model, stream, maxTokens, metadata, system, messages []byte
	modelAt                                              int
}

// Inspect implements provider.Protocol.
func (Protocol) Inspect(service string, in *provider.Inbound) (provider.Intent, error) {
	r, err := scan(in.Body)
	if err != nil {
		return provider.Intent{}, badRequest(err.Error())
	}
	name, ok := jsonscan.StringUpTo(r.model, bound.Name)
	switch {
	case r.model == nil:
		return provider.Intent{}, badRequest("model: Field required")
	case !ok || name == "":
		return provider.Intent{}, badRequest("model: Input should be a non-empty string")
	case r.messages == nil:
		return provider.Intent{}, badRequest("messages: Field required")
	case len(name) > bound.Name:
		return provider.Intent{Model: name}, nil // which is refused
	}
	intent := provider.Intent{
		Service: service, Model: name, Family: Family(name), Client: Client(in.Header),
		Session: session(in.Header, &r), PromptTokens: int64(len(in.Body)) / 4, ModelAt: r.modelAt, ModelLen: len(r.model),
		Free:       service == CountTokens,
		Background: strings.EqualFold(in.Header.Get("x-app"), "cli-bg"),
	}
	if r.stream != nil {
		if intent.Stream, ok = jsonscan.Bool(r.stream); !ok {
			return intent, badRequest("stream: Input should be a boolean")
		}
	}
	intent.MaxTokens, _ = jsonscan.Int(r.maxTokens)
	return intent, nil
}

func badRequest(message string) error {
	return &provider.Fault{Status: http.StatusBadRequest, Kind: provider.BadRequest, Message: message}
}

// scan finds the members. A member that decides something and stands there twice is refused: readers differ in which of
// the two counts, so the relay might allow one and the upstream serve the other.
func scan(body []byte) (r request, err error) {
	s := jsonscan.Top(body)
	for s.Next() {
		key := s.Key
		if jsonscan.Escaped(key) {
			plain, ok := jsonscan.Canonical(key)
			if !ok {
				return r, errors.New("a key of the request is not valid JSON")
			}
			key = plain
		}
		slot := r.slot(key)
		if slot == nil {
			continue
		}
		if *slot != nil {
			return r, errors.New(string(key) + ": it is there twice")
		}
		*slot = s.Value
		if slot == &r.model {
			r.modelAt = s.Offset
		}
	}
	return r, s.Err()
}

func (r *request) slot(key []byte) *[]byte {
	switch string(key) {
	case "model":
		return &r.model
	case "stream":
		return &r.stream
	case "max_tokens":
		return &r.maxTokens
	case "metadata":
		return &r.metadata
	case "system":
		return &r.system
	case "messages":
		return &r.messages
	}
	return nil
}

// Family is the word by which quotas know a model: opus, sonnet, haiku, fable. A model of none is its own family.
func Family(name string) string {
	name = strings.ToLower(model.Base(name))
	for _, family := range []string{"opus", "sonnet", "haiku", "fable"} {
		if strings.Contains(name, family) {
			return family
		}
	}
	return name
}

// ClaudeCode is the client that Client recognises.
const ClaudeCode = "claude-code"

// Client recognises Claude Code by what it says of itself. Who may use a key is not decided by this alone: anybody can
// say it.
func Client(h provider.Header) string {
	agent := h.Get("user-agent")
	if strings.HasPrefix(agent, "claude-cli/") && strings.Contains(agent, " (external, ") && strings.HasPrefix(h.Get("x-app"), "cli") {
		return ClaudeCode
	}
	return ""
}
