package anthropic

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"crs/internal/bound"
	"crs/internal/jsonscan"
	"crs/internal/model"
	"crs/proxyengine/provider"
)

// request is the members of a body that the relay must know. The rest is the upstream's business.
type request struct {
	model, stream, maxTokens, metadata, system, messages, speed, tier, tools, fallbacks jsonscan.Part
}

// Beside implements provider.Naming. Advisers are asked beside the request's own model, others may take over from it, and the web may be
// searched: those tools have a date in their types.
func (Protocol) Beside(in *provider.Inbound, want *provider.Intent, all bool) (provider.Beside, error) {
	tools := in.Body[want.ToolsAt:][:want.ToolsLen]
	if !all && !want.TakesOver && !bytes.Contains(tools, []byte("_20")) {
		return provider.Beside{}, nil
	}
	return provider.FindBeside(in.Body)
}

// Inspect implements provider.Protocol.
func (Protocol) Inspect(service string, in *provider.Inbound) (provider.Intent, error) {
	r, err := scan(in.Body)
	if err != nil {
		return provider.Intent{}, badRequest(err.Error())
	}
	name, ok := jsonscan.StringUpTo(r.model.Raw, bound.Name)
	switch {
	case r.model.Raw == nil:
		return provider.Intent{}, badRequest("model: Field required")
	case !ok || name == "":
		return provider.Intent{}, badRequest("model: Input should be a non-empty string")
	case r.messages.Raw == nil:
		return provider.Intent{}, badRequest("messages: Field required")
	case len(name) > bound.Name:
		return provider.Intent{Model: name}, nil // which is refused
	}
	intent := provider.Intent{
		Service: service, Model: name, Family: Family(name), Client: Client(in.Header),
		Session: session(in.Header, &r), PromptTokens: int64(len(in.Body)) / 4, ModelAt: r.model.At, ModelLen: len(r.model.Raw),
		Free:       service == CountTokens,
		Background: strings.EqualFold(in.Header.Get("x-app"), "cli-bg"), Tier: provider.Word(r.tier.Raw),
		ToolsAt: r.tools.At, ToolsLen: len(r.tools.Raw), TakesOver: r.fallbacks.Raw != nil,
	}
	if jsonscan.Equal(r.speed.Raw, fast) {
		intent.Tier = fast
	}
	if r.stream.Raw != nil {
		if intent.Stream, ok = jsonscan.Bool(r.stream.Raw); !ok {
			return intent, badRequest("stream: Input should be a boolean")
		}
	}
	intent.MaxTokens, _ = jsonscan.Int(r.maxTokens.Raw)
	return intent, nil
}

func badRequest(message string) error {
	return &provider.Fault{Status: http.StatusBadRequest, Kind: provider.BadRequest, Message: message}
}

// scan finds the members. One that decides something may not be there twice.
func scan(body []byte) (r request, err error) {
	want := jsonscan.Want
	err = jsonscan.Find(body, want("model", &r.model), want("stream", &r.stream), want("max_tokens", &r.maxTokens),
		want("metadata", &r.metadata), want("system", &r.system), want("messages", &r.messages), want("speed", &r.speed), want("service_tier", &r.tier),
		want("tools", &r.tools), want("fallbacks", &r.fallbacks))
	return r, err
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

// Betas are those of a client's lists that an upstream takes, by patterns, each once.
func Betas(lists, taken []string) (all []string) {
	for beta := range strings.SplitSeq(strings.Join(lists, ","), ",") {
		if beta = strings.TrimSpace(beta); model.MatchAny(taken, beta) && !slices.Contains(all, beta) {
			all = append(all, beta)
		}
	}
	return all
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
