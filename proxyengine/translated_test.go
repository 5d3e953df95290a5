package proxyengine_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"crs/ctl"
	"crs/internal/usage"
	"crs/lab/crstest"
)

// The model "mix" is served by an account of each of these platforms, each by its own model.
var mixed = map[string]string{"claude-console": "claude-opus-4-8", "gemini-api": "gemini-2.5-pro", "openai-responses": "gpt-5.5"}

// mix adds an account of each platform, the first one first in rank; each is called as its platform.
func mix(b *crstest.Box, platforms ...string) {
	for i, p := range platforms {
		b.AccountOn(p, p, func(a *ctl.NewAccount) {
			a.Priority, a.Map = ptr(10+i), map[string]string{"mix": mixed[p]}
		})
	}
}

// tongue is a protocol in which clients ask for mix, in a few words and with a tool.
type tongue struct{ path, body, text, call, kind, failed string }

var tongues = map[string]tongue{
	"chat": {
		path: "/openai/v1/chat/completions",
		body: `{"model":"mix","stream":%t,"messages":[{"role":"user","content":"say ping"}],"tools":[{"type":"function","function":{"name":"Read","parameters":{"type":"object","properties":{}}}}]}`,
		text: "choices.0.message.content", call: "choices.0.message.tool_calls.0.function.name", kind: "error.type", failed: `"error":{"message":`,
	},
	"messages": {
		path: "/api/v1/messages",
		body: `{"model":"mix","max_tokens":9000,"stream":%t,"messages":[{"role":"user","content":"say ping"}],"tools":[{"name":"Read","input_schema":{"type":"object","properties":{}}}]}`,
		text: `content.#(type=="text").text`, call: `content.#(type=="tool_use").name`, kind: "error.type", failed: "event: error\n",
	},
}

func (g *tongue) ask(t *testing.T, b *crstest.Box, key string, stream bool, more ...string) crstest.Answer {
	t.Helper()
	body := fmt.Sprintf(g.body, stream)
	for i := 0; i+1 < len(more); i += 2 {
		body = strings.Replace(body, more[i], more[i+1], 1)
	}
	req := b.Request(t.Context(), key, body)
	req.URL.Path, req.URL.RawQuery = g.path, ""
	return b.Do(req)
}

// whole checks an answer that is not streamed, and one that is.
func (g *tongue) whole(t *testing.T, a crstest.Answer, stream bool) {
	t.Helper()
	const said = "pong — the simulator heard you."
	if a.Status != http.StatusOK || a.Err != nil {
		t.Fatalf("%d %s %v", a.Status, a.Body, a.Err)
	}
	if !stream {
		if !json.Valid([]byte(a.Body)) || gjson.Get(a.Body, g.text).String() != said || gjson.Get(a.Body, g.call).String() != "Read" || gjson.Get(a.Body, "model").String() == "" {
			t.Errorf("%s", a.Body)
		}
		return
	}
	text := ""
	for line := range strings.Lines(a.Body) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if ok && data != "[DONE]" && !json.Valid([]byte(data)) {
			t.Errorf("an event without JSON: %s", line)
		}
		text += gjson.Get(data, "choices.0.delta.content").String() + gjson.Get(data, "delta.text").String()
	}
	if text != said || !strings.Contains(a.Body, `"Read"`) || !strings.Contains(a.Body, "[DONE]") && !strings.Contains(a.Body, "event: message_stop") {
		t.Errorf("%q in %s", text, a.Body)
	}
}

// TestFailoverBetweenProtocols: an account that is in trouble is another's turn, whatever protocol either speaks, and the
// client sees nothing of it.
func TestFailoverBetweenProtocols(t *testing.T) {
	t.Parallel()
	orders := [][]string{
		{"claude-console", "gemini-api", "openai-responses"}, {"gemini-api", "openai-responses", "claude-console"}, {"openai-responses", "claude-console", "gemini-api"},
	}
	for name, script := range map[string]string{
		"overloaded": "529*9", "failed": "500*9", "throttled": "429*9", "key refused": "401*9", "forbidden": "403*9", "closed": "refuse*9",
		"a web page": "garbage(html)*9", "broken JSON": "garbage(json)*9", "empty": "empty*9", "an error first": "error(overloaded_error)*9",
	} {
		for _, order := range orders {
			t.Run(name+" at "+order[0], func(t *testing.T) {
				t.Parallel()
				b := crstest.Start(t)
				mix(b, order...)
				key := b.Key("k")
				for spoken, g := range tongues {
					for _, stream := range []bool{false, true} {
						b.Script(crstest.Secret(order[0]) + "=" + script + ";" + crstest.Secret(order[1]) + "=loop:ok(tool);" + crstest.Secret(order[2]) + "=loop:ok(tool)")
						thaw(t, b, order[0])
						g.whole(t, g.ask(t, b, key, stream), stream)
						b.Idle()
						last := b.Last()
						failed := len(last.Attempts) == 1 && last.Attempts[0].Account == order[0]
						errorless := name == "an error first" && !stream // there is no such error in an answer that is no stream
						if last.Account == order[0] || last.Source != "upstream" || !failed && !errorless {
							t.Errorf("%s, streamed %v: %+v", spoken, stream, last)
						}
					}
				}
				billed(t, b)
			})
		}
	}
}

func thaw(t *testing.T, b *crstest.Box, name string) {
	t.Helper()
	if _, err := b.ThawAccount(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// billed compares the ledger with what was billed for the requests that were served.
func billed(t *testing.T, b *crstest.Box) {
	t.Helper()
	var want usage.Tokens
	for _, bill := range b.Sim.Served() {
		want = want.Add(bill.Tokens)
	}
	u, err := b.Usage(t.Context(), ctl.UsageQuery{Since: "all"})
	if err != nil {
		t.Fatal(err)
	}
	x := u.Total
	if got := (usage.Tokens{Input: x.InputTokens, Output: x.OutputTokens, CacheRead: x.CacheReadTokens, CacheWrite: x.CacheWrite5mTokens, CacheWrite1h: x.CacheWrite1hTokens, Reasoning: x.ReasoningTokens}); got != want {
		t.Errorf("the ledger has %+v, billed were %+v", got, want)
	}
}

// TestErrorsWithinATranslatedStream reach the client in its own protocol, behind what came before them, and say something
// about the account.
func TestErrorsWithinATranslatedStream(t *testing.T) {
	t.Parallel()
	for platform := range mixed {
		for spoken, g := range tongues {
			t.Run(spoken+" from "+platform, func(t *testing.T) {
				t.Parallel()
				b := crstest.Start(t)
				mix(b, platform)
				key := b.Key("k")
				for _, script := range []string{"error(rate_limit_error,after=2)", "cut(after=4)", "reset(after=4)"} {
					b.Script(script)
					a := g.ask(t, b, key, true)
					native := platform == "claude-console" && spoken == "messages" || platform == "openai-responses" && spoken == "chat"
					if a.Status != http.StatusOK || !native && (!strings.Contains(a.Body, g.failed) || a.Err != nil) {
						t.Errorf("%s: %d %v %s", script, a.Status, a.Err, a.Body)
					}
					if strings.Contains(a.Body, "127.0.0.1") {
						t.Errorf("%s: the client is told the relay's addresses: %s", script, a.Body)
					}
					if strings.Contains(a.Body, "[DONE]") || strings.Contains(a.Body, "message_stop") {
						t.Errorf("%s: it ends as if it were whole: %s", script, a.Body)
					}
					b.Idle()
					if last := b.Last(); last.Error == "" || last.OutputTokens == 0 {
						t.Errorf("%s: the log has %+v", script, last)
					}
					if acc, err := b.Client.Account(t.Context(), platform); err != nil || strings.HasPrefix(script, "error") != (acc.State == "cooling" || len(acc.Rests) > 0) {
						t.Errorf("%s: the account is %+v, %v", script, acc, err)
					}
					thaw(t, b, platform)
				}
			})
		}
	}
}

// TestAFieldThatCannotBeSaidIsNamed, on every path, and no account is asked; but for one that can say it.
func TestAFieldThatCannotBeSaidIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		platform, path, model, spoken string
		put, says                     string
	}{
		"Claude beside Anthropic's": {"claude-console", "/api/v1/chat/completions", "claude-opus-4-8", "chat", `"n":2`, "n: only one answer"},
		"Claude by the path":        {"claude-console", "/openai/claude/v1/chat/completions", "claude-opus-4-8", "chat", `"modalities":["audio"]`, "modalities[0]: only text"},
		"Gemini by the path":        {"gemini-api", "/openai/gemini/v1/chat/completions", "gemini-2.5-pro", "chat", `"stop":["1","2","3","4","5","6"]`, "stop[5]: Gemini takes no more than 5"},
		"Gemini by its model":       {"gemini-api", "/openai/v1/chat/completions", "gemini-2.5-pro", "chat", `"thinking":{}`, "thinking: this relay knows no such field"},
		"Messages from Gemini":      {"gemini-api", "/api/v1/messages", "mix", "messages", `"mcp_servers":[{}]`, "mcp_servers"},
		"Messages from OpenAI":      {"openai-responses", "/api/v1/messages", "mix", "messages", `"container":"c"`, "container"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			mix(b, c.platform)
			key := b.Key("k")
			g := tongues[c.spoken]
			g.path = c.path
			a := g.ask(t, b, key, false, `"model":"mix"`, fmt.Sprintf(`"model":%q,%s`, c.model, c.put))
			if a.Status != http.StatusBadRequest || gjson.Get(a.Body, g.kind).String() != "invalid_request_error" || !strings.Contains(gjson.Get(a.Body, "error.message").String(), c.says) {
				t.Errorf("%d %s", a.Status, a.Body)
			}
			if n := len(b.Sim.Requests()); n > 0 {
				t.Errorf("the account was asked %d times", n)
			}
			b.Idle()
			if acc, err := b.Client.Account(t.Context(), c.platform); err != nil || acc.State != "ready" || acc.Failures > 0 {
				t.Errorf("the account is %+v, %v", acc, err)
			}
			if last := b.Last(); last.Status != http.StatusBadRequest || last.OutputTokens > 0 || last.Cost != 0 {
				t.Errorf("the log has %+v", last)
			}
		})
	}
}

func TestAFieldThatOneAccountCanSayGoesThere(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	mix(b, "claude-console", "gemini-api", "openai-responses")
	g := tongues["chat"]
	a := g.ask(t, b, b.Key("k"), false, `"model":"mix"`, `"model":"mix","n":1,"logit_bias":{"50256":-100},"seed":7,"modalities":["text"],"web_search_options":{}`)
	b.Idle()
	if last := b.Last(); a.Status != http.StatusOK || last.Account != "openai-responses" || len(last.Attempts) > 0 {
		t.Errorf("%d %s: %+v", a.Status, a.Body, last)
	}
}

// TestATranslatedRefusalKeepsItsStatusAndItsWords: what the upstream says of the request, in the client's own protocol.
func TestATranslatedRefusalKeepsItsStatusAndItsWords(t *testing.T) {
	t.Parallel()
	for platform := range mixed {
		for spoken, g := range tongues {
			t.Run(spoken+" from "+platform, func(t *testing.T) {
				t.Parallel()
				b := crstest.Start(t)
				mix(b, platform)
				key := b.Key("k")
				for script, want := range map[string]struct {
					status int
					kind   string
				}{
					"400": {400, "invalid_request_error"}, "429*9": {429, ""}, "401*9": {502, ""}, "403*9": {502, ""}, "500*9": {500, ""}, "garbage(html)*9": {502, ""},
				} {
					b.Script(script)
					thaw(t, b, platform)
					a := g.ask(t, b, key, script == "garbage(html)*9")
					message, kind := gjson.Get(a.Body, "error.message").String(), gjson.Get(a.Body, g.kind).String()
					if a.Status != want.status || message == "" || !json.Valid([]byte(a.Body)) || !strings.Contains(kind, want.kind) {
						t.Errorf("%s: %d %s", script, a.Status, a.Body)
					}
					if spoken == "messages" && gjson.Get(a.Body, "type").String() != "error" {
						t.Errorf("%s: no error of Anthropic's: %s", script, a.Body)
					}
				}
			})
		}
	}
}
