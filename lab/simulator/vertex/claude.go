package vertex

import (
	"maps"
	"slices"
	"strings"

	"crs/lab/simulator/anthropic"
	"crs/lab/simulator/gemini"
	"crs/lab/simulator/login"
	"crs/lab/simulator/provider"
)

// claude is Vertex as far as it serves Anthropic's models.
type claude struct {
	*anthropic.API
	google   *gemini.API // which refuses who does not get as far as the models
	services *login.Services
	models   provider.Routes // by what the path has behind the model
	counter  provider.Routes // the same of what is called like a model, and counts tokens
}

// NewClaude makes what serves Anthropic's models: the answers are Anthropic's, but for Google's to who is not let in.
func NewClaude(api *anthropic.API, google *gemini.API, s *login.Services) provider.Provider {
	a := &claude{API: api, google: google, services: s}
	predict := &provider.Endpoint{Inference: true, Admit: a.admitPrompt, Answer: a.answerPrompt}
	a.models = provider.Routes{"POST rawPredict": predict, "POST streamRawPredict": predict}
	a.counter = provider.Routes{"POST rawPredict": {Admit: a.admitCount, Answer: a.answerCount}}
	return a
}

// Find gives what answers a path, or nil. Each names a project.
func (a *claude) Find(method, path string) *provider.Endpoint {
	switch t := targetOf(path, "anthropic"); {
	case !t.project:
		return nil
	case t.model == "count-tokens":
		return a.counter.Find(method, t.action)
	default:
		return a.models.Find(method, t.action)
	}
}

// admitPrompt checks a prompt. The path names its model, and says whether the answer is a stream.
func (a *claude) admitPrompt(c *provider.Call) *provider.Failure {
	fields, f := a.admit(c)
	if f != nil {
		return f
	}
	t := targetOf(c.Path, "anthropic")
	switch extra, beta := strangeMember(fields), strangeBeta(c); {
	case extra != "":
		return noExtra(extra)
	case beta != "":
		return noBeta(beta)
	case !fields.Is("anthropic_version", version):
		return noVersion()
	case fields.Is("stream", "true") != (t.action == "streamRawPredict"):
		return anthropic.Invalid("stream: it does not go with the method")
	}
	fields["model"] = provider.JSON(gemini.Unescaped(t.model))
	return anthropic.Check(c, fields, true)
}

// admitCount checks a prompt whose tokens are to be counted. It names its model itself, and takes no beta at all.
func (a *claude) admitCount(c *provider.Call) *provider.Failure {
	fields, f := a.admit(c)
	if f != nil {
		return f
	}
	switch extra, beta := strangeMember(fields, "model"), c.Header.Get("anthropic-beta"); {
	case extra != "":
		return noExtra(extra)
	case beta != "":
		return noBeta(beta)
	case !fields.Is("anthropic_version", version):
		return noVersion()
	}
	return anthropic.Check(c, fields, false)
}

// admit checks who calls, and reads the request.
func (a *claude) admit(c *provider.Call) (provider.Fields, *provider.Failure) {
	if f := identify(c, a.services); f != nil {
		return nil, f
	}
	fields, ok := provider.ReadObject(c.Body)
	if !ok {
		return nil, anthropic.Invalid("The request body is not valid JSON")
	}
	return fields, nil
}

// version is the only one there is, as JSON.
const version = `"vertex-2023-10-16"`

func noVersion() *provider.Failure { return anthropic.Invalid("anthropic_version: Field required") }

// strangeMember finds a member that Vertex does not take, and is not allowed here besides.
func strangeMember(fields provider.Fields, allowed ...string) string {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch name {
		case "anthropic_version", "anthropic_beta", "max_tokens", "messages", "system", "temperature", "top_p", "top_k", "stop_sequences",
			"stream", "tools", "tool_choice", "thinking", "metadata", "output_config", "context_management":
		default:
			if !slices.Contains(allowed, name) {
				return name
			}
		}
	}
	return ""
}

func noExtra(name string) *provider.Failure {
	return anthropic.Invalid(name + ": Extra inputs are not permitted")
}

// strangeBeta finds a beta that Vertex does not take.
func strangeBeta(c *provider.Call) string {
	for beta := range strings.SplitSeq(c.Header.Get("anthropic-beta"), ",") {
		if strings.HasPrefix(beta, "context-1m-") || strings.HasPrefix(beta, "oauth-") {
			return beta
		}
	}
	return ""
}

func noBeta(name string) *provider.Failure {
	return anthropic.Invalid("Unexpected value(s) `" + name + "` for the `anthropic-beta` header.")
}

// answerPrompt is Anthropic's own, but for its id.
func (a *claude) answerPrompt(c *provider.Call, st *provider.Step) provider.Reply {
	m := anthropic.NewMessage(c, st, a.Usage)
	m.Prefix, m.Model = "msg_vrtx_", strings.Replace(c.Prompt.Model, "@", "-", 1)
	return m.Reply("")
}

func (a *claude) answerCount(_ *provider.Call, st *provider.Step) provider.Reply {
	return provider.Answered("", provider.Object("input_tokens", st.Billed(a.Usage).Prompt()))
}

// Refusal renders an error: Google's for what stands before the models.
func (a *claude) Refusal(c *provider.Call, f provider.Failure) provider.Reply {
	if f.Kind == unauthenticated {
		return a.google.Refusal(c, f)
	}
	return a.API.Refusal(c, f)
}
