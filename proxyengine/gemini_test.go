package proxyengine_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/lab/crstest"
	"crs/lab/simulator"
)

const (
	askGemini  = `{"contents":[{"role":"user","parts":[{"text":"say ping"}]}]}`
	askAssist  = `{"model":"gemini-2.5-pro","project":"crs","user_prompt_id":"p","request":` + askGemini + `}`
	proModel   = "/gemini/v1beta/models/gemini-2.5-pro:"
	flashModel = "/gemini/v1beta/models/gemini-2.5-flash:"
	assistPath = "/gemini/v1internal:"
)

// gemini sends a body as Gemini CLI would.
func gemini(t *testing.T, b *crstest.Box, key, path, body string) *http.Request {
	req := b.Request(t.Context(), key, body, "User-Agent", "GeminiCLI/0.61.0/gemini-2.5-pro (linux; x64)", "x-app", "", "anthropic-version", "", "anthropic-beta", "")
	req.URL.Path, req.URL.RawQuery, _ = strings.Cut(path, "?")
	return req
}

// TestEveryGeminiClientIsServedByEveryGeminiAccount: the answer has the client's shape, whatever the account's is.
func TestEveryGeminiClientIsServedByEveryGeminiAccount(t *testing.T) {
	t.Parallel()
	for name, add := range map[string]func(*crstest.Box){
		"an API key":     func(b *crstest.Box) { b.AccountOn("gemini-api", "a") },
		"a Google login": func(b *crstest.Box) { b.CodeAssist("a", time.Hour, func(a *ctl.NewAccount) { a.AnyClient = true }) },
	} {
		for what, c := range map[string]struct{ path, body, begins, ends string }{
			"JSON":             {proModel + "generateContent", askGemini, `{"candidates":`, `}`},
			"events":           {proModel + "streamGenerateContent?alt=sse", askGemini, `data: {"candidates":`, "}\r\n\r\n"},
			"an array":         {proModel + "streamGenerateContent", askGemini, `[{"candidates":`, `]`},
			"a count":          {proModel + "countTokens", askGemini, `{"totalTokens":`, `}`},
			"wrapped JSON":     {assistPath + "generateContent", askAssist, `{"response":{"candidates":`, `}`},
			"wrapped events":   {assistPath + "streamGenerateContent?alt=sse", askAssist, `data: {"response":{"candidates":`, "}\r\n\r\n"},
			"a wrapped array":  {assistPath + "streamGenerateContent", askAssist, `[{"response":{"candidates":`, `]`},
			"a wrapped count":  {assistPath + "countTokens", `{"request":{"model":"models/gemini-2.5-pro","contents":[{"role":"user","parts":[{"text":"x"}]}]}}`, `{"totalTokens":`, `}`},
			"a chat":           {"/openai/gemini/v1/chat/completions", `{"model":"gemini-2.5-pro","messages":[{"role":"user","content":"say ping"}]}`, `{`, `}`},
			"a streaming chat": {"/api/v1/chat/completions", `{"model":"gemini-2.5-pro","stream":true,"messages":[{"role":"user","content":"say ping"}]}`, `data: {`, "data: [DONE]\n\n"},
		} {
			t.Run(what+" from "+name, func(t *testing.T) {
				t.Parallel()
				b := crstest.Start(t)
				add(b)
				b.Script("loop:ok(thinking,events=7)")
				got := b.Do(gemini(t, b, b.Key("k"), c.path, c.body))
				counts := strings.HasSuffix(c.path, "countTokens")
				if got.Status != 200 || got.Err != nil || !strings.HasPrefix(got.Body, c.begins) || !strings.HasSuffix(got.Body, c.ends) || !counts && !strings.Contains(got.Body, "pong") {
					t.Fatalf("%d %v %s", got.Status, got.Err, got.Body)
				}
				b.Idle()
				billed := b.Sim.Served()
				r := b.Last()
				for _, bill := range billed {
					if u := bill.Tokens; r.InputTokens != u.Input || r.OutputTokens != u.Output || r.CacheRead != u.CacheRead || r.Reasoning != u.Reasoning || r.Source != "upstream" {
						t.Errorf("the log has %+v, the provider billed %+v", r, u)
					}
				}
				if r.Account != "a" || strings.HasPrefix(c.path, "/gemini/") != (r.Client == "gemini-cli") || r.Model != "gemini-2.5-pro" || counts != (len(billed) == 0) {
					t.Errorf("%+v", r)
				}
			})
		}
	}
}

// TestAnArrayComesAsItIsGenerated: a stream that is one JSON array is not held until it is whole.
func TestAnArrayComesAsItIsGenerated(t *testing.T) {
	t.Parallel()
	for name, add := range map[string]func(*crstest.Box){
		"an API key": func(b *crstest.Box) { b.AccountOn("gemini-api", "a") }, "a Google login": func(b *crstest.Box) { b.CodeAssist("a", time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			add(b)
			b.Script("stall(after=2,events=9)")
			resp, err := http.DefaultClient.Do(gemini(t, b, b.Key("k"), proModel+"streamGenerateContent", askGemini))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			text, part := "", make([]byte, 4<<10)
			for strings.Count(text, `"candidates"`) < 2 { // the upstream says nothing more until the client leaves
				n, err := resp.Body.Read(part)
				if text += string(part[:n]); err != nil {
					t.Fatalf("%v after %s", err, text)
				}
			}
			if kind := resp.Header.Get("content-type"); !strings.HasPrefix(kind, "application/json") || !strings.HasPrefix(text, "[{") {
				t.Errorf("%s: %s", kind, text)
			}
		})
	}
}

// TestAnArrayThatBreaksOffIsCutOff: nothing of the relay's may look like its end.
func TestAnArrayThatBreaksOffIsCutOff(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.CodeAssist("a", time.Hour)
	b.Script("cut(after=2,events=9)")
	got := b.Do(gemini(t, b, b.Key("k"), proModel+"streamGenerateContent", askGemini))
	if got.Err != io.ErrUnexpectedEOF || !strings.HasPrefix(got.Body, "[{") || strings.Contains(got.Body, "error") {
		t.Errorf("%v, %s", got.Err, got.Body)
	}
	b.Idle()
	if r := b.Last(); r.Source != "partial" || !strings.Contains(r.Error, "broke off") {
		t.Errorf("%+v", r)
	}
}

// TestAModelsQuotaIsTheModelsOwn: an account that has used up one model's quota serves another model.
func TestAModelsQuotaIsTheModelsOwn(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{"a day's": "429(day)", "Code Assist's": "429(quota)", "a minute's": "429(minute)"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.CodeAssist("first", time.Hour, func(a *ctl.NewAccount) { a.Priority = new(int) })
			b.AccountOn("gemini-api", "second")
			b.Script("ya29.first=" + script)
			key := b.Key("k")
			for _, c := range [][2]string{{proModel, "second"}, {proModel, "second"}, {flashModel, "first"}} {
				another := strings.Replace(askGemini, "ping", "ping "+c[0], 1) // conversation
				got := b.Do(gemini(t, b, key, c[0]+"generateContent", another))
				b.Idle()
				if r := b.Last(); got.Status != 200 || r.Account != c[1] {
					t.Fatalf("%s was served by %s: %d %s", c[0], r.Account, got.Status, got.Body)
				}
			}
			first, err := accountOf(b, "first")
			if err != nil || first.State != "ready" || len(first.Rests) != 1 || first.Rests[0].Scope != "gemini-2.5-pro" {
				t.Errorf("%+v, %v", first, err)
			}
		})
	}
}

func TestATokenOfGooglesThatEndedIsRenewed(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.CodeAssist("a", time.Hour)
	key := b.Key("k")
	b.Script("401")
	if got := b.Do(gemini(t, b, key, proModel+"generateContent", askGemini)); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	b.Clock.Advance(2 * time.Hour)
	if got := b.Do(gemini(t, b, key, assistPath+"generateContent", askAssist)); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
}

// TestANewGoogleAccountIsSetUpByItsLogin: its project is asked for until there is one, which takes seconds.
func TestANewGoogleAccountIsSetUpByItsLogin(t *testing.T) {
	t.Parallel()
	for plan, project := range map[string]string{"free-tier": "", "standard-tier": "their-project"} {
		t.Run(plan, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.Sim.Introduce(simulator.Google, simulator.Owner{Account: "new", Plan: plan, Project: "their-project", New: true})
			n := ctl.NewLogin{}
			n.Platform, n.Name = "gemini", "a"
			if project != "" {
				n.Options = map[string]string{"project": project}
			}
			l, err := b.BeginLogin(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			done, err := b.FinishLogin(t.Context(), l.ID, agreed(t, l.URL))
			if err != nil || done.Options["project"] != "their-project" || done.Options["plan"] != plan {
				t.Fatalf("%+v, %v", done, err)
			}
			if got := b.Do(gemini(t, b, b.Key("k"), assistPath+"generateContent", askAssist)); got.Status != 200 || !strings.Contains(got.Body, "pong") {
				t.Errorf("%d %s", got.Status, got.Body)
			}
		})
	}
}

// agreed is the address where the browser ends when the owner of an account agrees to a login.
func agreed(t *testing.T, page string) string {
	t.Helper()
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.Header.Get("Location")
}
