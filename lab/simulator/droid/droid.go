// Package droid imitates api.factory.ai, which passes on what Droid asks of several providers, and app.factory.ai's list of
// organizations.
package droid

import (
	"slices"
	"strings"

	"crs/lab/simulator/anthropic"
	"crs/lab/simulator/login"
	"crs/lab/simulator/openai"
	"crs/lab/simulator/provider"
)

type droid struct {
	provider.Routes
	claude  *anthropic.API
	gpt     *openai.API
	badKeys []string
	grants  *login.Grants
}

const (
	claudePath = "/api/llm/a/v1/"
	gptPath    = "/api/llm/o/v1/"
)

// New makes it; Anthropic's and OpenAI's answers are theirs.
func New(o provider.Options, claude *anthropic.API, gpt *openai.API, g *login.Grants) provider.Provider {
	a := &droid{claude: claude, gpt: gpt, badKeys: o.BadKeys, grants: g}
	a.Routes = provider.Routes{
		"POST " + claudePath + "messages":              {Inference: true, Admit: a.admitClaude(true), Answer: claude.AnswerMessages},
		"POST " + claudePath + "messages/count_tokens": {Admit: a.admitClaude(false), Answer: claude.AnswerCount},
		"POST " + gptPath + "responses":                {Inference: true, Admit: a.admitGPT("input", responseProvider), Answer: gpt.AnswerResponse},
		"POST " + gptPath + "chat/completions":         {Inference: true, Admit: a.admitGPT("messages", chatProvider), Answer: gpt.AnswerChat},
		"GET /api/cli/org":                             {Admit: a.admitClient, Answer: a.answerOrganizations},
	}
	return a
}

// identify finds out who calls, by a token of a login or a key of Factory's.
func (a *droid) identify(c *provider.Call) *provider.Failure {
	c.Credential = c.Bearer()
	c.Account = c.Credential
	if c.Credential == "" || slices.Contains(a.badKeys, c.Credential) {
		return problem(401, "Unauthorized", "Invalid or missing authentication")
	}
	if strings.HasPrefix(c.Credential, "fk-") {
		return nil
	}
	name, good := a.grants.Holder(c.Credential, c.At)
	c.Account = name
	if !good {
		return problem(401, "Unauthorized", "Your session has expired. Please log in again.")
	}
	return nil
}

// admitClient checks who calls, and that it is Droid.
func (a *droid) admitClient(c *provider.Call) *provider.Failure {
	if f := a.identify(c); f != nil {
		return f
	}
	if c.Header.Get("x-factory-client") != "cli" {
		return problem(400, "Bad Request", "x-factory-client: expected cli")
	}
	return nil
}

// admitSession wants the session besides.
func (a *droid) admitSession(c *provider.Call) *provider.Failure {
	if f := a.admitClient(c); f != nil {
		return f
	}
	if c.Header.Get("x-session-id") == "" {
		return problem(400, "Bad Request", "x-session-id: header is required")
	}
	return nil
}

// wants checks which provider the request is to be passed on to.
func wants(c *provider.Call, name string) *provider.Failure {
	if c.Header.Get("x-api-provider") != name {
		return problem(400, "Bad Request", "x-api-provider: expected "+name)
	}
	return nil
}

func (a *droid) admitClaude(wantMax bool) func(*provider.Call) *provider.Failure {
	return func(c *provider.Call) *provider.Failure {
		if f := a.admitSession(c); f != nil {
			return f
		}
		if f := wants(c, "anthropic"); f != nil {
			return f
		}
		if f := anthropic.CheckVersion(c); f != nil {
			return f
		}
		return anthropic.Read(c, wantMax)
	}
}

func (a *droid) admitGPT(field string, serves func(model string) string) func(*provider.Call) *provider.Failure {
	return func(c *provider.Call) *provider.Failure {
		if f := a.admitSession(c); f != nil {
			return f
		}
		if f := openai.Read(c, c.Body, field); f != nil {
			return f
		}
		return wants(c, serves(c.Prompt.Model))
	}
}

// responseProvider is who serves a model over the Responses protocol.
func responseProvider(model string) string {
	if strings.HasSuffix(model, "-max") {
		return "openai"
	}
	return "azure_openai"
}

// chatProvider is who serves a model over the chat protocol.
func chatProvider(model string) string {
	switch {
	case strings.HasPrefix(model, "gemini"):
		return "google"
	case strings.HasPrefix(model, "claude"):
		return "anthropic"
	case strings.HasPrefix(model, "gpt"):
		return "azure_openai"
	case strings.HasPrefix(model, "glm"):
		return "fireworks"
	}
	return "baseten"
}

func (a *droid) answerOrganizations(c *provider.Call, _ *provider.Step) provider.Reply {
	ids := provider.List(a.grants.Account(c.Credential).Owner.Organization)
	return provider.Answered(openai.RequestID(c), provider.Object("workosOrgIds", ids))
}

// problem is an error of Factory's own, as opposed to one that it passes on.
func problem(status int, title, detail string) *provider.Failure {
	return &provider.Failure{Status: status, Kind: ownProblem, Detail: title, Message: detail}
}

// ownProblem marks a failure that problem made.
const ownProblem = "factory"

// Failure is what an error status is like: Factory's own, or that of whom the request is passed on to.
func (a *droid) Failure(c *provider.Call, st *provider.Step) provider.Failure {
	if st.Verb == provider.DoStatus {
		switch st.Status {
		case 401:
			return *problem(401, "Unauthorized", "Invalid or missing authentication")
		case 402:
			return *problem(402, "Payment Required", "Ready to get started? Subscribe at https://app.factory.ai/settings/billing")
		case 403:
			return *problem(403, "Forbidden", "Your organization may not use this model")
		}
	}
	return a.behind(c).Failure(c, st)
}

// Refusal renders an error.
func (a *droid) Refusal(c *provider.Call, f provider.Failure) provider.Reply {
	if f.Kind != ownProblem {
		return a.behind(c).Refusal(c, f)
	}
	body := provider.Object("detail", f.Message, "status", f.Status, "title", f.Detail, "requestId", c.ID("iad1::"))
	return provider.Reply{Status: f.Status, Content: provider.JSONType, Header: openai.RequestID(c) + f.Header, Body: body}
}

// behind is whom a request is passed on to.
func (a *droid) behind(c *provider.Call) provider.Provider {
	if strings.HasPrefix(c.Path, claudePath) {
		return a.claude
	}
	return a.gpt
}
