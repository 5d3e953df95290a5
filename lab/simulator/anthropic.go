package simulator

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/internal/usage"
)

// anthropic imitates api.anthropic.com, and the token endpoint of its logins.
type anthropic struct {
	usage   usage.Tokens
	badKeys []string
	grants  *grants
	console perSecond // rate limit fields of an API key
	plan    perSecond // rate limit fields of a subscription

	messages, countTokens, models, probe, token endpoint
	profile, limits, roles                      endpoint
}

// These are what accounts of the real one look like.
const (
	accessPrefix  = "sk-ant-oat01-"
	refreshPrefix = "sk-ant-ort01-"
	organization  = "5f0e1d2c-0000-4000-8000-51b0a7ed0001"
)

func newAnthropic(o Options, g *grants) *anthropic {
	a := &anthropic{
		usage:   o.Usage,
		badKeys: o.BadKeys,
		grants:  g,
		console: perSecond{render: func(now time.Time) []byte { return appendConsole(nil, now, false) }},
		plan:    perSecond{render: func(now time.Time) []byte { return planOf(now, plain).appendFields(nil) }},
	}
	a.messages = endpoint{inference: true, admit: a.admitMessages, answer: a.answerMessages}
	a.countTokens = endpoint{admit: a.admitCount, answer: a.answerCount}
	a.models = endpoint{when: speaksAnthropic, admit: a.admitCaller, answer: a.answerModels}
	a.probe = endpoint{admit: everybody, answer: a.answerProbe}
	a.token = endpoint{admit: a.admitToken, answer: a.answerToken}
	a.profile = endpoint{admit: a.admitOwner, answer: a.answerProfile}
	a.limits = endpoint{admit: a.admitUsage, answer: a.answerUsage}
	a.roles = endpoint{admit: a.admitOwner, answer: a.answerRoles}
	return a
}

func (a *anthropic) find(method, path []byte) *endpoint {
	switch string(path) {
	case "/v1/messages":
		return on(method, "POST", &a.messages)
	case "/v1/messages/count_tokens":
		return on(method, "POST", &a.countTokens)
	case "/v1/models":
		return on(method, "GET", &a.models)
	case "/v1/oauth/token":
		return on(method, "POST", &a.token)
	case "/api/oauth/profile":
		return on(method, "GET", &a.profile)
	case "/api/oauth/usage":
		return on(method, "GET", &a.limits)
	case "/api/oauth/claude_cli/roles":
		return on(method, "GET", &a.roles)
	case "/":
		return on(method, "HEAD", &a.probe)
	}
	return nil
}

// on gives e if the method is the wanted one.
func on(method []byte, want string, e *endpoint) *endpoint {
	if string(method) != want {
		return nil
	}
	return e
}

// speaksAnthropic tells a request for the list of models from one in OpenAI's protocol.
func speaksAnthropic(c *call) bool {
	return c.field("anthropic-version") != nil || c.field("x-api-key") != nil
}

func everybody(*call) *failure { return nil }

// admitCaller checks the credential, then the version.
func (a *anthropic) admitCaller(c *call) *failure {
	if f := a.identify(c); f != nil {
		return f
	}
	if c.field("anthropic-version") == nil {
		return invalidRequest("anthropic-version: header is required")
	}
	return nil
}

// identify finds out who calls. A key counts before a bearer token; an access token counts as a bearer token only.
func (a *anthropic) identify(c *call) *failure {
	key, bearer := c.field("x-api-key"), c.bearer()
	switch {
	case key != nil:
		c.credential = string(key)
	case bearer != nil:
		c.credential = string(bearer)
	default:
		return unauthorized("x-api-key header is required")
	}
	c.account = c.credential
	switch {
	case key != nil && (isAccessToken(c.credential) || slices.Contains(a.badKeys, c.credential)):
		return unauthorized("invalid x-api-key")
	case slices.Contains(a.badKeys, c.credential):
		return unauthorized("Invalid bearer token")
	case isAccessToken(c.credential):
		return a.identifyLogin(c)
	}
	return nil
}

func (a *anthropic) identifyLogin(c *call) *failure {
	if !bytes.Contains(c.field("anthropic-beta"), []byte("oauth-2025-04-20")) {
		return unauthorized("OAuth authentication is currently not supported.")
	}
	name, good := a.grants.holder(c.credential, c.at)
	c.account = name
	if !good {
		return unauthorized(expiredToken)
	}
	return nil
}

func isAccessToken(credential string) bool { return strings.HasPrefix(credential, "sk-ant-oat") }

// fields renders the header lines of a success.
func (a *anthropic) fields(c *call, st *step) []byte {
	b := appendIdentity(c)
	switch {
	case !isAccessToken(c.credential):
		b = append(b, a.console.at(c.at)...)
	case st.fiveHour != 0 || st.sevenDay != 0:
		b = planOf(c.at, st).appendFields(b)
	default:
		b = append(b, a.plan.at(c.at)...)
	}
	return c.keep(b)
}

// appendIdentity begins the header lines of any answer in the scratch of c.
func appendIdentity(c *call) []byte {
	b := append(c.scratch, "request-id: "...)
	b = appendID(b, "req_", c.number)
	return append(b, "\r\nanthropic-organization-id: "+organization+"\r\n"...)
}

func (a *anthropic) answerCount(c *call, st *step) reply {
	r := reply{status: 200, content: jsonType, fields: a.fields(c, st)}
	b := append(c.scratch, `{"input_tokens":`...)
	b = strconv.AppendInt(b, st.tokens(a.usage).Prompt(), 10)
	r.body = c.keep(append(b, '}'))
	return r
}

func (a *anthropic) answerModels(c *call, st *step) reply {
	return reply{status: 200, content: jsonType, fields: a.fields(c, st), body: []byte(anthropicModels)}
}

func (a *anthropic) answerProbe(*call, *step) reply { return reply{status: 200, content: jsonType} }

const anthropicModels = `{"data":[` +
	`{"type":"model","id":"claude-opus-4-8","display_name":"Claude Opus 4.8","created_at":"2026-05-28T00:00:00Z"},` +
	`{"type":"model","id":"claude-sonnet-5","display_name":"Claude Sonnet 5","created_at":"2026-06-30T00:00:00Z"},` +
	`{"type":"model","id":"claude-haiku-4-5-20251001","display_name":"Claude Haiku 4.5","created_at":"2025-10-01T00:00:00Z"}],` +
	`"has_more":false,"first_id":"claude-opus-4-8","last_id":"claude-haiku-4-5-20251001"}`
