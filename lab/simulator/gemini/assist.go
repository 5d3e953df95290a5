package gemini

import (
	"slices"
	"strconv"
	"strings"

	"crs/lab/simulator/login"
	"crs/lab/simulator/provider"
)

// codeAssist is what serves people who logged in.
type codeAssist struct {
	errors
	provider.Options
	routes  provider.Routes // below prefix
	missing *provider.Endpoint
	grants  *login.Grants
	moving  onboarding
}

const prefix = "/v1internal"

// NewCodeAssist makes it.
func NewCodeAssist(o provider.Options, g *login.Grants) provider.Provider {
	a := &codeAssist{Options: o, grants: g, moving: newOnboarding(), missing: missingMethod()}
	setting, quiet := a.canned(`{"freeTierDataCollectionOptin":false}`), a.canned(`{}`)
	a.routes = provider.Routes{
		"POST :generateContent":                {Inference: true, Admit: a.admitPrompt, Answer: a.answerWhole},
		"POST :streamGenerateContent":          {Inference: true, Admit: a.admitPrompt, Answer: a.answerStream},
		"POST :countTokens":                    {Admit: a.admitCount, Answer: a.answerCount},
		"POST :loadCodeAssist":                 {Admit: a.identify, Answer: a.answerLoad},
		"POST :onboardUser":                    {Admit: a.admitOnboard, Answer: a.answerOnboard},
		"GET /" + onboardingOperation:          {Admit: a.admitOperation, Answer: a.answerOnboard},
		"POST :retrieveUserQuota":              {Admit: a.identify, Answer: a.answerQuota},
		"POST :listExperiments":                a.canned(`{"experimentIds":[],"flags":[]}`),
		"GET :getCodeAssistGlobalUserSetting":  setting,
		"POST :setCodeAssistGlobalUserSetting": setting,
		"POST :fetchAdminControls":             quiet,
		"POST :recordCodeAssistMetrics":        quiet,
		"POST :recordClientEvent":              quiet,
		"GET /event:receive":                   quiet,
	}
	return a
}

func (a *codeAssist) canned(body string) *provider.Endpoint {
	return &provider.Endpoint{Admit: a.identify, Answer: func(*provider.Call, *provider.Step) provider.Reply { return answered([]byte(body)) }}
}

// Find gives what answers a path, or nil.
func (a *codeAssist) Find(method, path string) *provider.Endpoint {
	rest, found := strings.CutPrefix(path, prefix)
	if !found {
		return nil
	}
	if e := a.routes.Find(method, rest); e != nil {
		return e
	}
	return a.missing
}

// identify finds out whose the bearer token is.
func (a *codeAssist) identify(c *provider.Call) *provider.Failure {
	c.Credential = c.Bearer()
	if c.Credential == "" {
		return Refuse(401, "UNAUTHENTICATED", "Request is missing required authentication credential. "+
			"Expected OAuth 2 access token, login cookie or other valid authentication credential.")
	}
	name, good := a.grants.Holder(c.Credential, c.At)
	c.Account = name
	if !good || slices.Contains(a.BadKeys, c.Credential) {
		return Refuse(401, "UNAUTHENTICATED", badToken)
	}
	return nil
}

// read reads a request and the one inside, which may name the model, too. The members that are left are those of the request
// inside.
func (a *codeAssist) read(c *provider.Call) (outer, inner provider.Fields, f *provider.Failure) {
	if f := a.identify(c); f != nil {
		return nil, nil, f
	}
	outer, ok := provider.ReadObject(c.Body)
	inner, wrapped := provider.ReadObject(outer["request"])
	if !ok || outer["request"] != nil && !wrapped || !texts(outer["model"], outer["project"], inner["model"]) {
		return nil, nil, Unreadable()
	}
	for _, named := range []provider.Fields{outer, inner} {
		if model := named.Text("model"); model != "" {
			c.Prompt.Model = Unescaped(strings.TrimPrefix(model, "models/"))
		}
	}
	if !wrapped {
		return nil, nil, badArgument("Request contains an invalid argument: request is missing.")
	}
	delete(inner, "session_id")
	delete(inner, "sessionId")
	for name := range outer {
		if !wraps(name) {
			inner[name] = outer[name] // as strange there as it is outside
		}
	}
	return outer, inner, nil
}

// texts reports whether all that is there is text.
func texts(values ...[]byte) bool {
	for _, v := range values {
		if _, ok := provider.ReadText(v); v != nil && !ok {
			return false
		}
	}
	return true
}

func wraps(name string) bool {
	switch name {
	case "model", "project", "request", "user_prompt_id", "userPromptId", "enabled_credit_types", "enabledCreditTypes", "requestId", "request_id", "userAgent":
		return true
	}
	return false
}

// admitPrompt wants the account's own project.
func (a *codeAssist) admitPrompt(c *provider.Call) *provider.Failure {
	outer, inner, f := a.read(c)
	switch project := outer.Text("project"); {
	case f != nil:
		return f
	case c.Prompt.Model == "":
		return badArgument("Request contains an invalid argument: model is missing.")
	case !a.owns(c.Credential, project):
		return badArgument("Request contains an invalid argument: project " + strconv.Quote(project) + " is not the user's.")
	}
	return Check(c, inner, "GenerateContentRequest")
}

// owns reports whether a project may be used. Somebody nobody has registered may use any.
func (a *codeAssist) owns(access, project string) bool {
	to := a.grants.Lookup(access)
	if to == nil {
		return project != ""
	}
	return project == to.Owner.Project && (!to.Owner.New || a.moving.done(to.Name))
}

func (a *codeAssist) admitCount(c *provider.Call) *provider.Failure {
	_, inner, f := a.read(c)
	if f != nil {
		return f
	}
	return Check(c, inner, "CountTokensRequest")
}

func (a *codeAssist) wrapped(c *provider.Call, st *provider.Step) *candidate {
	m := newCandidate(c, st, a.Usage)
	m.wrapped = true
	return m
}

func (a *codeAssist) answerWhole(c *provider.Call, st *provider.Step) provider.Reply {
	return a.wrapped(c, st).whole()
}

func (a *codeAssist) answerStream(c *provider.Call, st *provider.Step) provider.Reply {
	return a.wrapped(c, st).streamed()
}

func (a *codeAssist) answerCount(_ *provider.Call, st *provider.Step) provider.Reply {
	return answered(provider.Object("totalTokens", tokensOf(st, a.Usage).Prompt()))
}
