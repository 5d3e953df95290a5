package proxyengine_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"crs/internal/config"
	"crs/lab/crstest"
)

// withMemory gives a relay a body budget.
func withMemory(budget config.Size) crstest.Option {
	return crstest.Config(func(c *config.Config) { c.Limits.BodyMax, c.Limits.BodyBudget, c.Limits.BodyWait = 1<<20, budget, 0 })
}

// askAt sends a question to a path.
func askAt(t *testing.T, b *crstest.Box, key, path, body string) crstest.Answer {
	t.Helper()
	req := b.Request(t.Context(), key, body)
	req.URL.Path, req.URL.RawQuery = path, ""
	return b.Do(req)
}

// empty checks that nothing is held any more.
func empty(t *testing.T, b *crstest.Box) {
	t.Helper()
	if s := b.Idle(); s.BodyBytes != 0 {
		t.Errorf("%d bytes are still held", s.BodyBytes)
	}
}

// TestAnAnswerPassesThroughABudgetThatItIsLargerThan: what cannot be held back is passed on as it comes, and counted.
func TestAnAnswerPassesThroughABudgetThatItIsLargerThan(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, withMemory(1<<20))
	b.AccountOn("claude-console", "claude")
	b.AccountOn("openai-responses", "openai")
	b.AccountOn("gemini-api", "gemini")
	key := b.Key("k")
	b.Script("loop:ok(size=3MB,input=11,output=7)")
	for name, ask := range map[string]struct{ path, body string }{
		"a message":           {"/api/v1/messages", `{"model":"claude-opus-4-8","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`},
		"a stream":            {"/api/v1/messages", `{"model":"claude-opus-4-8","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}`},
		"a response":          {"/openai/v1/responses", `{"model":"gpt-5.5","input":"hi"}`},
		"a chat":              {"/openai/v1/chat/completions", `{"model":"gpt-5.5","messages":[{"role":"user","content":"hi"}]}`},
		"a generated content": {"/gemini/v1beta/models/gemini-2.5-pro:generateContent", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`},
	} {
		got := askAt(t, b, key, ask.path, ask.body)
		if got.Status != http.StatusOK || got.Err != nil || len(got.Body) < 3<<20 {
			t.Errorf("%s: %d %v, %d bytes: %.300s", name, got.Status, got.Err, len(got.Body), got.Body)
		}
		empty(t, b)
		if r := b.Last(); name != "a generated content" && (r.Source != "upstream" || r.InputTokens != 11 || r.OutputTokens != 7) {
			t.Errorf("%s: counted as %+v", name, r)
		}
	}
}

// TestAnAnswerThatMustBePutTogetherNeedsRoom: without it the client is told so before the first byte, in its own protocol,
// and the account is not blamed.
func TestAnAnswerThatMustBePutTogetherNeedsRoom(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		budget config.Size
		stream bool
		want   int
	}{
		"none":                   {2 << 20, false, http.StatusServiceUnavailable},
		"enough":                 {64 << 20, false, http.StatusOK},
		"a stream needs no room": {2 << 20, true, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t, withMemory(c.budget))
			mix(b, "claude-console")
			key := b.Key("k")
			size := "3MB"
			if c.stream {
				size = "3MB,events=3000"
			}
			b.Script("ok(size=" + size + ")")
			body := fmt.Sprintf(`{"model":"mix","stream":%t,"messages":[{"role":"user","content":"hi"}]}`, c.stream)
			got := askAt(t, b, key, "/openai/v1/chat/completions", body)
			if got.Status != c.want || got.Err != nil {
				t.Fatalf("%d %v %.300s", got.Status, got.Err, got.Body)
			}
			empty(t, b)
			if c.want == http.StatusOK {
				return
			}
			if message := gjson.Get(got.Body, "error.message").String(); !strings.Contains(message, "limits.body_budget") || got.Header.Get("retry-after") == "" {
				t.Errorf("%v %s", got.Header, got.Body)
			}
			if r := b.Last(); len(r.Attempts) != 0 {
				t.Errorf("the account is blamed: %+v", r.Attempts)
			}
			if got := askAt(t, b, key, "/openai/v1/chat/completions", body); got.Status != http.StatusOK {
				t.Errorf("the next one: %d %s", got.Status, got.Body)
			}
		})
	}
}

// TestWhatIsTooMuchToTranslateIsRefusedForGood: with what of it there is too much, and for which limit.
func TestWhatIsTooMuchToTranslateIsRefusedForGood(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, withMemory(2<<20))
	mix(b, "claude-console")
	key := b.Key("k")
	many := func(n int) string {
		return `{"model":"mix","messages":[` + strings.Repeat(`{"role":"user","content":"a"},`, n-1) + `{"role":"user","content":"a"}]}`
	}
	for _, c := range []struct {
		body   string
		status int
		says   string
	}{
		{many(20_001), 400, "it has more than 20000 messages, which is as many as can be translated"},
		{many(1000), 413, "half of limits.body_budget"},
		{many(100), 200, ""},
	} {
		got := askAt(t, b, key, "/openai/v1/chat/completions", c.body)
		if got.Status != c.status || !strings.Contains(got.Body, c.says) {
			t.Errorf("%d, not %d %q: %.300s", got.Status, c.status, c.says, got.Body)
		}
		empty(t, b)
	}
	if n := b.Sim.Requests(); len(n) != 1 {
		t.Errorf("%d requests went upstream", len(n))
	}
}
