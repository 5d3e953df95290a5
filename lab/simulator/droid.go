package simulator

import (
	"slices"
	"strings"
)

// droid imitates api.factory.ai, which passes on what Droid asks of several providers, and app.factory.ai's list of
// organizations.
type droid struct {
	anthropic *anthropic
	openAI    *openAI
	badKeys   []string
	grants    *grants

	messages, countTokens, responses, chat, organizations endpoint
}

func newDroid(o Options, claude *anthropic, gpt *openAI, g *grants) *droid {
	a := &droid{anthropic: claude, openAI: gpt, badKeys: o.BadKeys, grants: g}
	a.messages = endpoint{inference: true, admit: a.admitMessages, answer: claude.answerMessages}
	a.countTokens = endpoint{admit: a.admitCount, answer: claude.answerCount}
	a.responses = endpoint{inference: true, admit: a.admitResponse, answer: gpt.answerResponse}
	a.chat = endpoint{inference: true, admit: a.admitChat, answer: gpt.answerChat}
	a.organizations = endpoint{admit: a.admitOrganizations, answer: a.answerOrganizations}
	return a
}

const (
	droidAnthropic = "/api/llm/a/"
	droidOpenAI    = "/api/llm/o/"
)

func (a *droid) find(method, path []byte) *endpoint {
	switch string(path) {
	case droidAnthropic + "v1/messages":
		return on(method, "POST", &a.messages)
	case droidAnthropic + "v1/messages/count_tokens":
		return on(method, "POST", &a.countTokens)
	case droidOpenAI + "v1/responses":
		return on(method, "POST", &a.responses)
	case droidOpenAI + "v1/chat/completions":
		return on(method, "POST", &a.chat)
	case "/api/cli/org":
		return on(method, "GET", &a.organizations)
	}
	return nil
}

// identify finds out who calls, by a token of a login or a key of Factory's.
func (a *droid) identify(c *call) *failure {
	c.credential = string(c.bearer())
	c.account = c.credential
	if c.credential == "" || slices.Contains(a.badKeys, c.credential) {
		return problem(401, "Unauthorized", "Invalid or missing authentication")
	}
	if strings.HasPrefix(c.credential, "fk-") {
		return nil
	}
	name, good := a.grants.holder(c.credential, c.at)
	c.account = name
	if !good {
		return problem(401, "Unauthorized", "Your session has expired. Please log in again.")
	}
	return nil
}

// admit checks who calls, and that it is Droid.
func (a *droid) admit(c *call) *failure {
	if f := a.identify(c); f != nil {
		return f
	}
	switch {
	case string(c.field("x-factory-client")) != "cli":
		return problem(400, "Bad Request", "x-factory-client: expected cli")
	case c.field("x-session-id") == nil:
		return problem(400, "Bad Request", "x-session-id: header is required")
	}
	return nil
}

// wants checks which provider the request is to be passed on to.
func wants(c *call, providers ...string) *failure {
	if got := string(c.field("x-api-provider")); !slices.Contains(providers, got) {
		return problem(400, "Bad Request", "x-api-provider: expected "+strings.Join(providers, " or "))
	}
	return nil
}

func (a *droid) admitMessages(c *call) *failure { return a.admitAnthropic(c, true) }

func (a *droid) admitCount(c *call) *failure { return a.admitAnthropic(c, false) }

func (a *droid) admitAnthropic(c *call, wantMax bool) *failure {
	if f := a.admit(c); f != nil {
		return f
	}
	if f := wants(c, "anthropic"); f != nil {
		return f
	}
	if c.field("anthropic-version") == nil {
		return invalidRequest("anthropic-version: header is required")
	}
	return readAnthropic(c, wantMax)
}

func (a *droid) admitResponse(c *call) *failure { return a.admitOpenAI(c, "input", responseProvider) }

func (a *droid) admitChat(c *call) *failure { return a.admitOpenAI(c, "messages", chatProvider) }

func (a *droid) admitOpenAI(c *call, field string, provider func(model string) string) *failure {
	if f := a.admit(c); f != nil {
		return f
	}
	if f := readOpenAI(c, field); f != nil {
		return f
	}
	return wants(c, provider(c.prompt.modelName()))
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

func (a *droid) admitOrganizations(c *call) *failure {
	if f := a.identify(c); f != nil {
		return f
	}
	if string(c.field("x-factory-client")) != "cli" {
		return problem(400, "Bad Request", "x-factory-client: expected cli")
	}
	return nil
}

func (a *droid) answerOrganizations(c *call, _ *step) reply {
	r := reply{status: 200, content: jsonType, fields: c.keep(appendRequestID(c))}
	b := append(c.scratch, `{"workosOrgIds":[`...)
	b = appendText(b, a.grants.account(c.credential).owner.Organization)
	r.body = c.keep(append(b, ']', '}'))
	return r
}
