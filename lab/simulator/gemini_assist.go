package simulator

import (
	"bytes"
	"slices"
	"strconv"

	"crs/internal/usage"
)

// codeAssist imitates cloudcode-pa.googleapis.com, which serves Gemini to people who logged in.
type codeAssist struct {
	usage   usage.Tokens
	badKeys []string
	grants  *grants
	moving  onboarding

	generate, stream, countTokens, load, onboard, operation endpoint
	quota, experiments, setting, quiet, missing             endpoint
}

func newCodeAssist(o Options, g *grants) *codeAssist {
	a := &codeAssist{usage: o.Usage, badKeys: o.BadKeys, grants: g, moving: newOnboarding()}
	a.generate = endpoint{inference: true, admit: a.admitPrompt, answer: a.answerWhole}
	a.stream = endpoint{inference: true, admit: a.admitPrompt, answer: a.answerStream}
	a.countTokens = endpoint{admit: a.admitCount, answer: a.answerCount}
	a.load = endpoint{admit: a.identify, answer: a.answerLoad}
	a.onboard = endpoint{admit: a.admitOnboard, answer: a.answerOnboard}
	a.operation = endpoint{admit: a.admitOperation, answer: a.answerOnboard}
	a.quota = endpoint{admit: a.identify, answer: a.answerQuota}
	a.experiments = endpoint{admit: a.identify, answer: canned(`{"experimentIds":[],"flags":[]}`)}
	a.setting = endpoint{admit: a.identify, answer: canned(`{"freeTierDataCollectionOptin":false}`)}
	a.quiet = endpoint{admit: a.identify, answer: canned(`{}`)}
	a.missing = endpoint{admit: missingMethod, answer: answerNothing}
	return a
}

func canned(body string) func(*call, *step) reply {
	return func(*call, *step) reply {
		return reply{status: 200, content: googleJSON, fields: googleFields, body: []byte(body)}
	}
}

func (a *codeAssist) find(method, path []byte) *endpoint {
	rest, found := bytes.CutPrefix(path, []byte("/v1internal"))
	if !found {
		return nil
	}
	e := a.method(string(rest))
	get := bytes.HasPrefix(rest, []byte("/operations/")) || string(rest) == ":getCodeAssistGlobalUserSetting" || string(rest) == "/event:receive"
	switch {
	case e == nil, get != (string(method) == "GET"):
		return &a.missing
	}
	return e
}

func (a *codeAssist) method(name string) *endpoint {
	switch name {
	case ":generateContent":
		return &a.generate
	case ":streamGenerateContent":
		return &a.stream
	case ":countTokens":
		return &a.countTokens
	case ":loadCodeAssist":
		return &a.load
	case ":onboardUser":
		return &a.onboard
	case ":retrieveUserQuota":
		return &a.quota
	case ":listExperiments":
		return &a.experiments
	case ":getCodeAssistGlobalUserSetting", ":setCodeAssistGlobalUserSetting":
		return &a.setting
	case ":fetchAdminControls", ":recordCodeAssistMetrics", ":recordClientEvent", "/event:receive":
		return &a.quiet
	case "/" + onboardingOperation:
		return &a.operation
	}
	return nil
}

// identify finds out whose the bearer token is.
func (a *codeAssist) identify(c *call) *failure {
	bearer := c.bearer()
	if len(bearer) == 0 {
		return googleFailure(401, "UNAUTHENTICATED", "Request is missing required authentication credential. "+
			"Expected OAuth 2 access token, login cookie or other valid authentication credential.")
	}
	c.credential = string(bearer)
	name, good := a.grants.holder(c.credential, c.at)
	c.account = name
	if !good || slices.Contains(a.badKeys, c.credential) {
		return googleFailure(401, "UNAUTHENTICATED", badToken)
	}
	return nil
}

// assistBody is what is read of a request that wraps another.
type assistBody struct {
	project []byte
	model   []byte
	inner   geminiBody
	wrapped bool // there is a request in it
}

func (a *codeAssist) read(c *call) (assistBody, *failure) {
	b := assistBody{inner: geminiBody{contents: -1}}
	if f := a.identify(c); f != nil {
		return b, f
	}
	r := reader{b: c.body}
	if !r.document(func(key []byte) { b.member(&r, key) }) {
		return b, unreadableJSON()
	}
	b.inner.keep(c)
	if b.model != nil {
		c.nameModel(bytes.TrimPrefix(b.model, []byte("models/")))
	}
	if !b.wrapped {
		return b, badArgument("Request contains an invalid argument: request is missing.")
	}
	return b, nil
}

func (b *assistBody) member(r *reader, key []byte) {
	switch string(key) {
	case "model":
		b.model = r.text()
	case "project":
		b.project = r.text()
	case "request":
		b.wrapped = true
		r.object(func(key []byte) { b.requestMember(r, key) })
	case "user_prompt_id", "userPromptId", "enabled_credit_types", "enabledCreditTypes", "requestId", "request_id", "userAgent":
		r.value()
	default:
		b.inner.strange = string(key)
		r.value()
	}
}

// requestMember reads a member of the request inside, which knows one more than elsewhere.
func (b *assistBody) requestMember(r *reader, key []byte) {
	switch string(key) {
	case "model":
		b.model = r.text()
	case "session_id", "sessionId":
		r.value()
	default:
		b.inner.member(r, key)
	}
}

// admitPrompt wants the account's own project.
func (a *codeAssist) admitPrompt(c *call) *failure {
	b, f := a.read(c)
	switch {
	case f != nil:
		return f
	case len(b.model) == 0:
		return badArgument("Request contains an invalid argument: model is missing.")
	case !a.owns(c.credential, b.project):
		return badArgument("Request contains an invalid argument: project " + strconv.Quote(string(b.project)) + " is not the user's.")
	}
	return b.inner.check("GenerateContentRequest")
}

// owns reports whether a project may be used. Somebody nobody has registered may use any.
func (a *codeAssist) owns(access string, project []byte) bool {
	to := a.grants.lookup(access)
	if to == nil {
		return len(project) > 0
	}
	return string(project) == to.owner.Project && (!to.owner.New || a.moving.done(to.name))
}

func (a *codeAssist) admitCount(c *call) *failure {
	b, f := a.read(c)
	if f != nil {
		return f
	}
	return b.inner.check("CountTokensRequest")
}

func (a *codeAssist) answerWhole(c *call, st *step) reply {
	return candidate{call: c, step: st, tokens: geminiTokens(st, a.usage), wrapped: true}.whole()
}

func (a *codeAssist) answerStream(c *call, st *step) reply {
	return candidate{call: c, step: st, tokens: geminiTokens(st, a.usage), wrapped: true, list: !c.wantsEvents()}.streamed()
}

func (a *codeAssist) answerCount(c *call, st *step) reply {
	b := append(c.scratch, `{"totalTokens":`...)
	b = strconv.AppendInt(b, geminiTokens(st, a.usage).Prompt(), 10)
	return reply{status: 200, content: googleJSON, fields: googleFields, body: c.keep(append(b, '}'))}
}

func (a *codeAssist) failure(c *call, st *step) failure { return findGemini(st).render(c, st) }

func (a *codeAssist) refusal(c *call, f failure) reply { return googleRefusal(c, f) }

func (a *codeAssist) errorEvent(c *call, kind string) []byte { return googleErrorEvent(c, kind) }
