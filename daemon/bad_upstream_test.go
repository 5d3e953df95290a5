package daemon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"crs/ctl"
	"crs/lab/crstest"
)

// asker is a client of a platform's own protocol.
type asker struct {
	path, body string
	header     []string
	event      string // by which a stream's client knows a failure
}

func askers() map[string]asker {
	const user = `"messages":[{"role":"user","content":"say ping"}]`
	chat := asker{path: "/openai/v1/chat/completions", body: `{"model":"gpt-5.5","stream":false,` + user + `}`, event: `"error":{"message":`}
	claude := asker{
		path: "/api/v1/messages", body: `{"model":"claude-opus-4-8","max_tokens":64,"stream":false,` + user + `}`, event: "event: error\n",
		header: []string{"User-Agent", "claude-cli/2.1.197 (external, sdk-cli)", "anthropic-version", "2023-06-01", "anthropic-beta", "claude-code-20250219", "x-app", "cli"},
	}
	gemini := asker{path: "/gemini/v1beta/models/gemini-2.5-pro:generateContent", body: `{"contents":[{"role":"user","parts":[{"text":"say ping"}]}]}`, event: `data: {"error":{"code":`, header: []string{"User-Agent", "GeminiCLI/0.61.0/gemini-2.5-pro (linux; x64)"}}
	codex := asker{path: "/openai/responses", body: `{"model":"gpt-5.5","instructions":"","store":false,"stream":true,"input":[{"role":"user","content":"say ping"}]}`, event: "event: response.failed\n", header: []string{"User-Agent", "codex_exec/0.169.0 (Debian; x86_64)", "originator", "codex_exec"}}
	droid := claude
	droid.path = "/droid/claude/v1/messages"
	droid.header = []string{"User-Agent", "factory-cli/0.32.1", "x-factory-client", "cli", "x-session-id", "s-1", "anthropic-version", "2023-06-01"}
	return map[string]asker{"claude-console": claude, "bedrock": claude, "claude": claude, "openai-responses": chat, "azure-openai": chat, "openai": codex, "gemini-api": gemini, "gemini": gemini, "droid": droid, "vertex": gemini}
}

// named has it ask for another model.
func (k *asker) named(model string) {
	k.body = modelName.ReplaceAllString(k.body, `"model":"`+model+`"`)
	k.path = strings.Replace(k.path, "gemini-2.5-pro", model, 1)
}

var modelName = regexp.MustCompile(`"model":"[^"]*"`)

func (k *asker) ask(t *testing.T, b *crstest.Box, key string, stream bool) crstest.Answer {
	t.Helper()
	return b.Do(k.request(t, b, key, stream))
}

func (k *asker) request(t *testing.T, b *crstest.Box, key string, stream bool) *http.Request {
	t.Helper()
	path, body := k.path, k.body
	if stream {
		path = strings.Replace(path, ":generateContent", ":streamGenerateContent?alt=sse", 1)
		body = strings.Replace(body, `"stream":false`, `"stream":true`, 1)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(k.header); i += 2 {
		req.Header.Set(k.header[i], k.header[i+1])
	}
	return req
}

// shaped reports whether an error is in the words of the path's protocol, and says something.
func (k *asker) shaped(body string) bool {
	e := gjson.Get(body, "error")
	if !json.Valid([]byte(body)) || e.Get("message").String() == "" {
		return false
	}
	switch {
	case strings.HasPrefix(k.path, "/gemini"):
		return e.Get("status").String() != "" && e.Get("code").Int() >= 400
	case strings.HasPrefix(k.path, "/openai"):
		return e.Get("type").String()+e.Get("code").String() != "" // Azure has no types
	}
	return gjson.Get(body, "type").String() == "error" && e.Get("type").String() != ""
}

// TestAnUpstreamThatMakesNoSense: the one account there is answers with what nobody can read. The client is told in its own
// protocol, nothing is billed, nothing is left open, and the account is what it was.
func TestAnUpstreamThatMakesNoSense(t *testing.T) {
	t.Parallel()
	for platform, k := range askers() {
		if platform == "claude" || platform == "openai" || platform == "gemini" || platform == "droid" {
			continue // as their keys' platforms
		}
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(platform, "a")
			key := b.Key("k")
			scripts := []string{"garbage*9", "garbage(html)*9", "garbage(json)*9", "empty*9", "cut*9", "refuse*9", "reset*9", "500*9"}
			if platform == "bedrock" {
				scripts = append(scripts, "badcrc*9")
			}
			for _, script := range scripts {
				for _, stream := range []bool{false, true} {
					if stream && script == "garbage(json)*9" || !stream && script == "badcrc*9" {
						continue // what comes of these is below
					}
					b.Script(script)
					if _, err := b.ThawAccount(t.Context(), "a"); err != nil {
						t.Fatal(err)
					}
					a := k.ask(t, b, key, stream)
					where := fmt.Sprintf("%s, streamed %v", script, stream)
					if begun := a.Status == http.StatusOK; begun {
						if !stream || !strings.Contains(a.Body, k.event) && a.Err == nil {
							t.Errorf("%s: %q, %v", where, a.Body, a.Err)
						}
					} else if a.Status < 500 || a.Status > 504 || !k.shaped(a.Body) {
						t.Errorf("%s: %d %s", where, a.Status, a.Body)
					}
					untouched(t, b, where)
				}
			}
		})
	}
}

// untouched checks that a request came to nothing, and that this is written down.
func untouched(t *testing.T, b *crstest.Box, where string) {
	t.Helper()
	b.Idle()
	last := b.Last()
	if last.Error == "" && len(last.Attempts) == 0 {
		t.Errorf("%s: the log has %+v", where, last)
	}
	if last.Status >= 500 && (last.OutputTokens > 0 || last.Cost > 0) {
		t.Errorf("%s: it was charged: %+v", where, last)
	}
	acc, err := b.Client.Account(t.Context(), "a")
	if err != nil || acc.State != "ready" && acc.State != "cooling" || acc.InUse != 0 || acc.LastError == "" {
		t.Errorf("%s: the account is %+v, %v", where, acc, err)
	}
}

// TestAnAnswerThatIsPackedWithoutSayingSo is read all the same, and counted.
func TestAnAnswerThatIsPackedWithoutSayingSo(t *testing.T) {
	t.Parallel()
	for platform, k := range askers() {
		if platform == "claude" || platform == "openai" || platform == "gemini" || platform == "droid" {
			continue
		}
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(platform, "a")
			key := b.Key("k")
			b.Script("loop:gzip(silent)")
			for _, stream := range []bool{false, true} {
				a := k.ask(t, b, key, stream)
				if a.Status != http.StatusOK || a.Err != nil || !strings.Contains(a.Body, "pong") || a.Header.Get("Content-Encoding") != "" {
					t.Errorf("streamed %v: %d %v %q", stream, a.Status, a.Err, a.Body)
				}
			}
			sameBill(t, b, 2)
		})
	}
}

// TestAFrameThatIsCutOrDamaged in the middle of an answer: what came before it is delivered and counted, the client is told,
// and the account has not failed for good.
func TestAFrameThatIsCutOrDamaged(t *testing.T) {
	t.Parallel()
	k := askers()["bedrock"]
	for _, script := range []string{"badcrc(after=5)", "cut(after=5)", "cut", "reset(after=5)", "error(InternalFailure,after=3)"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn("bedrock", "a")
			b.Script(script)
			a := k.ask(t, b, b.Key("k"), true)
			if a.Status != http.StatusOK || a.Err != nil || !strings.Contains(a.Body, "event: message_start\n") || strings.Count(a.Body, k.event) != 1 || strings.Contains(a.Body, "message_stop") {
				t.Errorf("%d %v %s", a.Status, a.Err, a.Body)
			}
			b.Idle()
			if last := b.Last(); last.Source != "partial" && last.Source != "estimated" || last.Error == "" || last.InputTokens == 0 {
				t.Errorf("the log has %+v", last)
			}
		})
	}
}

// TestAModelThatNobodyServes is refused in the protocol it was asked for in, with a word on why.
func TestAModelThatNobodyServes(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for _, platform := range []string{"claude-console", "openai-responses", "gemini-api"} {
		b.AccountOn(platform, platform, func(a *ctl.NewAccount) { a.Models = []string{"none-of-these"} })
	}
	key := b.Key("k")
	for platform, k := range askers() {
		if k.path == "/droid/claude/v1/messages" {
			continue // nobody serves that at all
		}
		for _, stream := range []bool{false, true} {
			a := k.ask(t, b, key, stream)
			if a.Status != http.StatusForbidden || !k.shaped(a.Body) || !strings.Contains(a.Body, "no account here serves this model") {
				t.Errorf("%s: %d %s", platform, a.Status, a.Body)
			}
		}
	}
	if n := len(b.Sim.Requests()); n > 0 {
		t.Errorf("providers were asked %d times", n)
	}
}

// TestATokenThatDiesBetweenPickAndSend is renewed once and the request repeated; when it cannot be, the account needs a login
// and another one serves.
func TestATokenThatDiesBetweenPickAndSend(t *testing.T) {
	t.Parallel()
	for platform, add := range map[string]func(*crstest.Box, string) ctl.Account{
		"claude": func(b *crstest.Box, name string) ctl.Account { return b.Subscription(name, time.Hour) },
		"openai": func(b *crstest.Box, name string) ctl.Account { return b.Codex(name, time.Hour) },
		"gemini": func(b *crstest.Box, name string) ctl.Account { return b.CodeAssist(name, time.Hour) },
		"droid":  func(b *crstest.Box, name string) ctl.Account { return b.Droid(name, time.Hour) },
	} {
		k := askers()[platform]
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			add(b, "a")
			key := b.Key("k")
			b.Script("401")
			before := tokenOf(t, b, "a")
			if a := k.ask(t, b, key, true); a.Status != http.StatusOK || a.Err != nil {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			if after := tokenOf(t, b, "a"); !after.After(before) && platform != "gemini" {
				t.Errorf("the token ends at %s, before it was %s", after, before)
			}
			sameBill(t, b, 1)

			b.Script("401;/v1/oauth/token=400;/oauth/token=400;/token=400;/user_management/authenticate=400")
			a := k.ask(t, b, key, true)
			if a.Status != http.StatusBadGateway && a.Status != http.StatusServiceUnavailable || !k.shaped(a.Body) {
				t.Errorf("it cannot be renewed: %d %s", a.Status, a.Body)
			}
			if acc, err := b.Client.Account(t.Context(), "a"); err != nil || acc.State != "needs-login" || acc.Why == "" {
				t.Errorf("the account is %+v, %v", acc, err)
			}
			b.Script("ok")
			add(b, "b")
			if a := k.ask(t, b, key, true); a.Status != http.StatusOK || b.Last().Account != "b" {
				t.Errorf("another one: %d %s", a.Status, a.Body)
			}
		})
	}
}

func tokenOf(t *testing.T, b *crstest.Box, name string) time.Time {
	t.Helper()
	acc, err := b.Client.Account(t.Context(), name)
	if err != nil || acc.TokenExpiresAt == nil {
		t.Fatalf("%+v, %v", acc, err)
	}
	return *acc.TokenExpiresAt
}

// TestAFileThatIsNoLogin is refused with a word on which one is meant, and makes no account.
func TestAFileThatIsNoLogin(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for name, file := range map[string]string{
		"nothing": "", "no JSON": "hush", "an object": "{}", "an array": "[]", "half": `{"claudeAiOauth":{"accessToken":"hush`,
		"ended, and no refresh token": `{"claudeAiOauth":{"accessToken":"hush","expiresAt":1}}`, "no refresh token": `{"access_token":"ya29.hush","expiry_date":1,"scope":"x"}`,
	} {
		for _, platform := range []string{"claude", "openai", "gemini", "droid", "claude-console", "bedrock"} {
			if platform == "droid" && name == "no refresh token" {
				continue // what it looks like there is the droid folder's test
			}
			_, err := b.AddAccount(t.Context(), ctl.NewAccount{Platform: platform, Name: "a", File: []byte(file)})
			var e *ctl.Error
			if !errors.As(err, &e) || e.Message == "" || strings.Contains(e.Message+e.Hint, "hush") {
				t.Errorf("%s as %s: %v", name, platform, err)
			}
		}
	}
	if all, err := b.Accounts(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("%+v, %v", all, err)
	}
	if strings.Contains(b.Log.String(), "hush") {
		t.Error("the log has what was in a file")
	}
}
