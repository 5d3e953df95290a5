// Package anthropic imitates api.anthropic.com, and the token endpoint of its logins.
package anthropic

import (
	"slices"
	"strings"

	"crs/lab/simulator/login"
	"crs/lab/simulator/provider"
)

// API is Anthropic's.
type API struct {
	provider.Routes
	provider.Options
	grants *login.Grants
}

// New makes it.
func New(o provider.Options, g *login.Grants) *API {
	a := &API{Options: o, grants: g}
	a.Routes = provider.Routes{
		"POST /v1/messages":               {Inference: true, Admit: a.admitPrompt(true), Answer: a.AnswerMessages},
		"POST /v1/messages/count_tokens":  {Admit: a.admitPrompt(false), Answer: a.AnswerCount},
		"GET /v1/models":                  {When: speaks, Admit: a.admitCaller, Answer: a.answerModels},
		"POST /v1/oauth/token":            {Admit: a.admitToken, Answer: a.answerToken},
		"GET /api/oauth/profile":          {Admit: a.admitOwner, Answer: a.answerProfile},
		"GET /api/oauth/usage":            {Admit: a.admitUsage, Answer: a.answerUsage},
		"GET /api/oauth/claude_cli/roles": {Admit: a.admitOwner, Answer: a.answerRoles},
		"HEAD /":                          {Answer: func(*provider.Call, *provider.Step) provider.Reply { return provider.Answered("", nil) }},
	}
	return a
}

// speaks tells a request for the list of models from one in OpenAI's protocol.
func speaks(c *provider.Call) bool {
	return c.Header.Get("anthropic-version") != "" || c.Header.Get("x-api-key") != ""
}

// admitPrompt checks a prompt; a request to count tokens has no limit of its own.
func (a *API) admitPrompt(wantMax bool) func(*provider.Call) *provider.Failure {
	return func(c *provider.Call) *provider.Failure {
		if f := a.admitCaller(c); f != nil {
			return f
		}
		return Read(c, wantMax)
	}
}

// admitCaller checks the credential, then the version.
func (a *API) admitCaller(c *provider.Call) *provider.Failure {
	if f := a.identify(c); f != nil {
		return f
	}
	return CheckVersion(c)
}

// CheckVersion checks that the request names a version of the API.
func CheckVersion(c *provider.Call) *provider.Failure {
	if c.Header.Get("anthropic-version") == "" {
		return Invalid("anthropic-version: header is required")
	}
	return nil
}

// identify finds out who calls. A key counts before a bearer token; an access token counts as a bearer token only.
func (a *API) identify(c *provider.Call) *provider.Failure {
	key := c.Header.Get("x-api-key")
	c.Credential = key
	if key == "" {
		c.Credential = c.Bearer()
	}
	c.Account = c.Credential
	bad := slices.Contains(a.BadKeys, c.Credential)
	switch {
	case c.Credential == "":
		return unauthorized("x-api-key header is required")
	case key != "" && (isAccessToken(key) || bad):
		return unauthorized("invalid x-api-key")
	case bad:
		return unauthorized("Invalid bearer token")
	case isAccessToken(c.Credential):
		return a.identifyLogin(c)
	}
	return nil
}

func (a *API) identifyLogin(c *provider.Call) *provider.Failure {
	if f := checkBeta(c); f != nil {
		return f
	}
	name, good := a.grants.Holder(c.Credential, c.At)
	c.Account = name
	if !good {
		return unauthorized(expiredToken)
	}
	return nil
}

// checkBeta wants the beta that access tokens are.
func checkBeta(c *provider.Call) *provider.Failure {
	if !strings.Contains(c.Header.Get("anthropic-beta"), "oauth-2025-04-20") {
		return unauthorized("OAuth authentication is currently not supported.")
	}
	return nil
}

func isAccessToken(credential string) bool { return strings.HasPrefix(credential, "sk-ant-oat") }

// header renders the header lines of a success.
func header(c *provider.Call, st *provider.Step) string {
	if isAccessToken(c.Credential) {
		return identity(c) + planFields(provider.PlanOf(c.At, st))
	}
	return identity(c) + consoleFields(c.At, false)
}

// identity is the beginning of the header of any answer.
func identity(c *provider.Call) string {
	return provider.Field("request-id", c.ID("req_")) + provider.Field("anthropic-organization-id", login.AnthropicOrganization)
}

// AnswerCount answers how many tokens a prompt has.
func (a *API) AnswerCount(c *provider.Call, st *provider.Step) provider.Reply {
	return provider.Answered(header(c, st), provider.Object("input_tokens", st.Billed(a.Usage).Prompt()))
}

func (a *API) answerModels(c *provider.Call, st *provider.Step) provider.Reply {
	return provider.Answered(header(c, st), []byte(models))
}

const models = `{"data":[` +
	`{"type":"model","id":"claude-opus-4-8","display_name":"Claude Opus 4.8","created_at":"2026-05-28T00:00:00Z"},` +
	`{"type":"model","id":"claude-sonnet-5","display_name":"Claude Sonnet 5","created_at":"2026-06-30T00:00:00Z"},` +
	`{"type":"model","id":"claude-haiku-4-5-20251001","display_name":"Claude Haiku 4.5","created_at":"2025-10-01T00:00:00Z"}],` +
	`"has_more":false,"first_id":"claude-opus-4-8","last_id":"claude-haiku-4-5-20251001"}`
