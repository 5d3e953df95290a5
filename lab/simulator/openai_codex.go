package simulator

import (
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"crs/internal/usage"
)

// codex imitates chatgpt.com/backend-api, which serves Codex to who is logged in with a ChatGPT plan.
type codex struct {
	usage   usage.Tokens
	badKeys []string
	grants  *grants
	plan    perSecond // quota fields of a plan by default

	responses, compact, models, quota endpoint
}

func newCodex(o Options, g *grants) *codex {
	a := &codex{
		usage: o.Usage, badKeys: o.BadKeys, grants: g,
		plan: perSecond{render: func(now time.Time) []byte { return appendQuota(nil, now, planOf(now, plain)) }},
	}
	a.responses = endpoint{inference: true, admit: a.admitResponse, answer: a.answerResponse}
	a.compact = endpoint{inference: true, admit: a.admitCompact, answer: a.answerCompact}
	a.models = endpoint{admit: a.identify, answer: a.answerModels}
	a.quota = endpoint{admit: a.identify, answer: a.answerQuota}
	return a
}

func (a *codex) find(method, path []byte) *endpoint {
	switch string(path) {
	case "/backend-api/codex/responses":
		return on(method, "POST", &a.responses)
	case "/backend-api/codex/responses/compact":
		return on(method, "POST", &a.compact)
	case "/backend-api/codex/models":
		return on(method, "GET", &a.models)
	case "/backend-api/wham/usage":
		return on(method, "GET", &a.quota)
	}
	return nil
}

// identify finds out who calls. The account has to be named as soon as there are accounts.
func (a *codex) identify(c *call) *failure {
	c.credential = string(c.bearer())
	c.account = c.credential
	switch {
	case c.credential == "":
		return detailed(401, "Unauthorized")
	case slices.Contains(a.badKeys, c.credential):
		return &failure{status: 401, kind: invalid, detail: "token_invalidated", message: tokenInvalidated}
	}
	name, good := a.grants.holder(c.credential, c.at)
	c.account = name
	switch {
	case !good:
		return &failure{status: 401, detail: "token_expired", message: tokenExpired}
	case a.grants.any() && c.field("chatgpt-account-id") == nil:
		return detailed(401, "Unauthorized")
	}
	return nil
}

const (
	tokenExpired     = "Provided authentication token is expired. Please try signing in again."
	tokenInvalidated = "Your authentication token has been invalidated. Please try signing in again."
)

// any reports whether there are accounts.
func (g *grants) any() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.access) > 0
}

// plan is the plan of whom an access token is of.
func (g *grants) plan(access string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if gr, known := g.access[access]; known {
		return gr.to.owner.Plan
	}
	return g.stock.Plan
}

// detailed is an error in the shape of the backend's front door: {"detail":"…"}.
func detailed(status int, message string) *failure { return &failure{status: status, message: message} }

func (a *codex) admitResponse(c *call) *failure {
	if f := a.admitPrompt(c); f != nil {
		return f
	}
	switch {
	case string(c.asked.member("store")) != "false":
		return detailed(400, "Store must be set to false")
	case !c.prompt.stream:
		return detailed(400, "Stream must be set to true")
	}
	return nil
}

func (a *codex) admitCompact(c *call) *failure {
	if f := a.admitPrompt(c); f != nil {
		return f
	}
	if c.asked.member("store") != nil {
		return detailed(400, "Unsupported parameter: store")
	}
	c.prompt.stream = false
	return nil
}

func (a *codex) admitPrompt(c *call) *failure {
	if f := a.identify(c); f != nil {
		return f
	}
	body, ok := unpacked(c)
	if !ok {
		return unreadableBody()
	}
	if f := readUnpacked(c, body, "input"); f != nil {
		return f
	}
	for i, e := range echoed {
		if e.notCodex && c.asked.members[i] != nil {
			return detailed(400, "Unsupported parameter: "+e.name)
		}
	}
	if !c.asked.list {
		return detailed(400, "Input must be a list")
	}
	return nil
}

// unpacked gives the body, which newer clients compress, and reports whether it could be read.
func unpacked(c *call) ([]byte, bool) {
	if string(c.field("content-encoding")) != "zstd" {
		return c.body, true
	}
	const most = 128 << 20
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(most))
	if err != nil {
		return nil, false
	}
	defer z.Close()
	body, err := z.DecodeAll(c.body, nil)
	return body, err == nil
}

// fields renders the header lines of a success.
func (a *codex) fields(c *call, st *step) []byte {
	b := appendField(appendRequestID(c), "x-codex-plan-type", a.grants.plan(c.credential))
	if st.fiveHour != 0 || st.sevenDay != 0 {
		return c.keep(appendQuota(b, c.at, planOf(c.at, st)))
	}
	return c.keep(append(b, a.plan.at(c.at)...))
}

func (a *codex) answerResponse(c *call, st *step) reply {
	return answerResponse(c, st, a.usage, a.fields(c, st))
}

func (a *codex) answerCompact(c *call, st *step) reply {
	return answerCompact(c, st.openAITokens(a.usage), a.fields(c, st))
}

func (a *codex) answerModels(c *call, _ *step) reply {
	return reply{
		status: 200, content: jsonType, body: []byte(codexModels),
		fields: c.keep(append(appendRequestID(c), "etag: W/\"simulated-models-1\"\r\n"...)),
	}
}

func (a *codex) errorEvent(c *call, kind string) []byte {
	return troubled(c, findOpenAI(&step{verb: vError, word: kind}, codexFailures, openAIFailures))
}

const codexModels = `{"models":[` + codexModel + `"slug":"gpt-5.5","display_name":"GPT-5.5","priority":1},` +
	codexModel + `"slug":"gpt-5.3-codex","display_name":"GPT-5.3 Codex","priority":2}]}`

const codexModel = `{"description":"Simulated","default_reasoning_level":"medium",` +
	`"supported_reasoning_levels":[{"effort":"low","description":"Fast"},{"effort":"medium","description":"Balanced"},{"effort":"high","description":"Thorough"}],` +
	`"shell_type":"shell_command","visibility":"list","supported_in_api":true,"upgrade":null,"base_instructions":"","supports_reasoning_summaries":true,` +
	`"support_verbosity":true,"default_verbosity":"low","apply_patch_tool_type":"freeform","truncation_policy":{"mode":"tokens","limit":10000},` +
	`"supports_parallel_tool_calls":true,"context_window":272000,"experimental_supported_tools":[],"prefer_websockets":false,`
