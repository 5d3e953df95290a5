package openai

import (
	"slices"

	"github.com/klauspost/compress/zstd"

	"crs/lab/simulator/login"
	"crs/lab/simulator/provider"
)

// codex is what serves Codex to who is logged in with a ChatGPT plan.
type codex struct {
	provider.Routes
	provider.Options
	grants *login.Grants
}

// NewCodex makes it.
func NewCodex(o provider.Options, g *login.Grants) provider.Provider {
	a := &codex{Options: o, grants: g}
	a.Routes = provider.Routes{
		"POST /backend-api/codex/responses":         {Inference: true, Admit: a.admitResponse, Answer: a.answerResponse},
		"POST /backend-api/codex/responses/compact": {Inference: true, Admit: a.admitCompact, Answer: a.answerCompact},
		"GET /backend-api/codex/models":             {Admit: a.identify, Answer: answerCodexModels},
		"GET /backend-api/wham/usage":               {Admit: a.identify, Answer: a.answerQuota},
	}
	return a
}

// identify finds out who calls. The account has to be named as soon as there are accounts.
func (a *codex) identify(c *provider.Call) *provider.Failure {
	c.Credential = c.Bearer()
	c.Account = c.Credential
	switch {
	case c.Credential == "":
		return detailed(401, "Unauthorized")
	case slices.Contains(a.BadKeys, c.Credential):
		return &provider.Failure{Status: 401, Kind: invalid, Detail: "token_invalidated", Message: tokenInvalidated}
	}
	name, good := a.grants.Holder(c.Credential, c.At)
	c.Account = name
	switch {
	case !good:
		return &provider.Failure{Status: 401, Detail: "token_expired", Message: tokenExpired}
	case a.grants.Any() && c.Header.Get("chatgpt-account-id") == "":
		return detailed(401, "Unauthorized")
	}
	return nil
}

const (
	tokenExpired     = "Provided authentication token is expired. Please try signing in again."
	tokenInvalidated = "Your authentication token has been invalidated. Please try signing in again."
)

// detailed is an error in the shape of the backend's front door: {"detail":"…"}.
func detailed(status int, message string) *provider.Failure {
	return &provider.Failure{Status: status, Message: message}
}

func (a *codex) admitResponse(c *provider.Call) *provider.Failure {
	if f := a.admitPrompt(c); f != nil {
		return f
	}
	switch {
	case !of(c).fields.Is("store", "false"):
		return detailed(400, "Store must be set to false")
	case !c.Prompt.Stream:
		return detailed(400, "Stream must be set to true")
	}
	return nil
}

func (a *codex) admitCompact(c *provider.Call) *provider.Failure {
	if f := a.admitPrompt(c); f != nil {
		return f
	}
	if of(c).fields["store"] != nil {
		return detailed(400, "Unsupported parameter: store")
	}
	c.Prompt.Stream = false
	return nil
}

func (a *codex) admitPrompt(c *provider.Call) *provider.Failure {
	if f := a.identify(c); f != nil {
		return f
	}
	body, ok := unpacked(c)
	if !ok {
		return unreadable()
	}
	if f := Read(c, body, "input"); f != nil {
		return f
	}
	for _, e := range echoed() {
		if e.notCodex && of(c).fields[e.name] != nil {
			return detailed(400, "Unsupported parameter: "+e.name)
		}
	}
	if !of(c).list {
		return detailed(400, "Input must be a list")
	}
	return nil
}

// unpacked gives the body, which newer clients compress, and reports whether it could be read.
func unpacked(c *provider.Call) ([]byte, bool) {
	if c.Header.Get("content-encoding") != "zstd" {
		return c.Body, true
	}
	const most = 128 << 20
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(most))
	if err != nil {
		return nil, false
	}
	defer z.Close()
	body, err := z.DecodeAll(c.Body, nil)
	return body, err == nil
}

// header renders the header lines of a success.
func (a *codex) header(c *provider.Call, st *provider.Step) string {
	return RequestID(c) + provider.Field("x-codex-plan-type", a.plan(c)) + quotaFields(c.At, provider.PlanOf(c.At, st))
}

// plan is the name of the caller's plan.
func (a *codex) plan(c *provider.Call) string { return a.grants.Account(c.Credential).Owner.Plan }

func (a *codex) answerResponse(c *provider.Call, st *provider.Step) provider.Reply {
	return AnswerResponse(c, st, a.Usage, a.header(c, st), codexFailures())
}

func (a *codex) answerCompact(c *provider.Call, st *provider.Step) provider.Reply {
	return compact(c, st.Thought(a.Usage), a.header(c, st))
}

func answerCodexModels(c *provider.Call, _ *provider.Step) provider.Reply {
	return provider.Answered(RequestID(c)+"etag: W/\"simulated-models-1\"\r\n", []byte(codexModels))
}

const codexModels = `{"models":[` + codexModel + `"slug":"gpt-5.5","display_name":"GPT-5.5","priority":1},` +
	codexModel + `"slug":"gpt-5.3-codex","display_name":"GPT-5.3 Codex","priority":2}]}`

const codexModel = `{"description":"Simulated","default_reasoning_level":"medium",` +
	`"supported_reasoning_levels":[{"effort":"low","description":"Fast"},{"effort":"medium","description":"Balanced"},{"effort":"high","description":"Thorough"}],` +
	`"shell_type":"shell_command","visibility":"list","supported_in_api":true,"upgrade":null,"base_instructions":"","supports_reasoning_summaries":true,` +
	`"support_verbosity":true,"default_verbosity":"low","apply_patch_tool_type":"freeform","truncation_policy":{"mode":"tokens","limit":10000},` +
	`"supports_parallel_tool_calls":true,"context_window":272000,"experimental_supported_tools":[],"prefer_websockets":false,`
