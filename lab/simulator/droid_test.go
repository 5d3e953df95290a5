package simulator_test

import (
	"strings"
	"testing"
	"time"

	"crs/lab/simulator"
)

// droidFields are what Droid sends besides the body.
func droidFields(provider, token string) []string {
	return []string{
		"authorization: Bearer " + token, "x-api-provider: " + provider, "x-factory-client: cli", "x-session-id: 01a2",
		"user-agent: factory-cli/0.32.1", "anthropic-version: 2023-06-01", "x-api-key: placeholder",
	}
}

func without(fields []string, name string) []string {
	var rest []string
	for _, f := range fields {
		if !strings.HasPrefix(f, name+":") {
			rest = append(rest, f)
		}
	}
	return rest
}

func TestDroidIsAnsweredInTheProtocolOfThePath(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	for _, c := range []struct{ path, body, provider, want string }{
		{"/api/llm/a/v1/messages", ask, "anthropic", `{"id":"msg_`},
		{"/api/llm/a/v1/messages", askStream, "anthropic", "event: message_start\n"},
		{"/api/llm/a/v1/messages/count_tokens", `{"model":"m","messages":[{"role":"user","content":"x"}]}`, "anthropic", `{"input_tokens":9662}`},
		{"/api/llm/o/v1/responses", askGPT, "azure_openai", `{"id":"resp_`},
		{"/api/llm/o/v1/responses", `{"model":"gpt-5.1-codex-max","input":"x"}`, "openai", `{"id":"resp_`},
		{"/api/llm/o/v1/chat/completions", askChatStream, "azure_openai", `data: {"id":"chatcmpl-`},
		{"/api/llm/o/v1/chat/completions", strings.Replace(askChat, "gpt-5.5", "gemini-3-pro", 1), "google", `{"id":"chatcmpl-`},
		{"/api/llm/o/v1/chat/completions", strings.Replace(askChat, "gpt-5.5", "claude-opus-5", 1), "anthropic", `{"id":"chatcmpl-`},
		{"/api/llm/o/v1/chat/completions", strings.Replace(askChat, "gpt-5.5", "glm-4.6", 1), "fireworks", `{"id":"chatcmpl-`},
		{"/api/llm/o/v1/chat/completions", strings.Replace(askChat, "gpt-5.5", "kimi-k3", 1), "baseten", `{"id":"chatcmpl-`},
	} {
		fields := droidFields(c.provider, "fk-a")
		if a := s.do("POST", c.path, c.body, fields...); a.status != 200 || !strings.HasPrefix(a.body, c.want) {
			t.Errorf("%s %s: %d %s, want %s", c.path, c.body, a.status, a.body, c.want)
		}
		if q := s.last(); q.Account != "fk-a" || q.Credential != "fk-a" {
			t.Errorf("recorded as %q of %q", q.Credential, q.Account)
		}
		if a := s.do("POST", c.path, c.body, droidFields("nobody", "fk-a")...); a.status != 400 || !strings.Contains(a.body, "x-api-provider: expected "+c.provider) {
			t.Errorf("%s for another provider: %d %s", c.path, a.status, a.body)
		}
	}
	if b := s.Served()["fk-a"]; b.Requests != 9 {
		t.Errorf("served %+v", s.Served())
	}
}

func TestDroidMustShowItsHeaders(t *testing.T) {
	t.Parallel()
	s := startWith(t, simulator.Options{Script: "503", BadKeys: []string{"fk-bad"}})
	good := droidFields("anthropic", "fk-a")
	for name, want := range map[string]struct {
		status int
		body   string
	}{
		"authorization":     {401, `{"detail":"Invalid or missing authentication","status":401,"title":"Unauthorized","requestId":"iad1::`},
		"x-factory-client":  {400, `{"detail":"x-factory-client: expected cli","status":400,"title":"Bad Request"`},
		"x-session-id":      {400, `{"detail":"x-session-id: header is required"`},
		"x-api-provider":    {400, `{"detail":"x-api-provider: expected anthropic"`},
		"anthropic-version": {400, `{"type":"error","error":{"type":"invalid_request_error","message":"anthropic-version: header is required"}`},
	} {
		if a := s.do("POST", "/api/llm/a/v1/messages", ask, without(good, name)...); a.status != want.status || !strings.HasPrefix(a.body, want.body) {
			t.Errorf("without %s: %d %s, want %s", name, a.status, a.body, want.body)
		}
	}
	if a := s.do("POST", "/api/llm/a/v1/messages", ask, droidFields("anthropic", "fk-bad")...); a.status != 401 {
		t.Errorf("a bad key: %d", a.status)
	}
	if a := s.do("POST", "/api/llm/a/v1/messages", `{}`, good...); a.status != 400 || !strings.Contains(a.body, "model: Field required") {
		t.Errorf("no model: %d %s", a.status, a.body)
	}
	if a := s.do("POST", "/api/llm/o/v1/responses", `{}`, droidFields("openai", "fk-a")...); a.status != 400 || text(gptFailed(t, a).Param) != "model" {
		t.Errorf("no model: %d %s", a.status, a.body)
	}
	if a := s.do("POST", "/api/llm/o/v1/chat/completions", askChat, "authorization: Bearer fk-a"); a.status != 400 || !strings.Contains(a.body, "x-factory-client") {
		t.Errorf("a chat without the client: %d %s", a.status, a.body)
	}
	if a := s.do("POST", "/api/llm/a/v1/messages", ask, good...); a.status != 503 {
		t.Errorf("the first good request gets %d", a.status)
	}
}

func TestDroidErrorsAreFactorysOrThoseItPassesOn(t *testing.T) {
	t.Parallel()
	for step, want := range map[string]struct{ anthropic, openAI string }{
		"401":   {`{"detail":"Invalid or missing authentication","status":401,`, `{"detail":"Invalid or missing authentication","status":401,`},
		"402":   {`{"detail":"Ready to get started?`, `{"detail":"Ready to get started?`},
		"403":   {`{"detail":"Your organization may not`, `{"detail":"Your organization may not`},
		"429":   {`{"type":"error","error":{"type":"rate_limit_error"`, `{"error":{"message":"Rate limit reached`},
		"529":   {`{"type":"error","error":{"type":"overloaded_error"`, `{"error":{"message":"Our servers are currently overloaded.`},
		"error": {"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"", "event: response.failed\ndata: {"},
	} {
		s := start(t, "loop:"+step)
		if a := s.do("POST", "/api/llm/a/v1/messages", askStream, droidFields("anthropic", "fk-a")...); !strings.HasPrefix(a.body, want.anthropic) {
			t.Errorf("%s: %s, want %s", step, a.body, want.anthropic)
		}
		if a := s.do("POST", "/api/llm/o/v1/responses", askGPTStream, droidFields("azure_openai", "fk-a")...); !strings.HasPrefix(a.body, want.openAI) {
			t.Errorf("%s: %s, want %s", step, a.body, want.openAI)
		}
	}
}

func TestDroidLoginsAreThoseOfItsVendor(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := startWith(t, simulator.Options{Now: c.now})
	s.AddLogin(simulator.WorkOS, simulator.Login{Access: "jwt-a", Refresh: "r-a", Expires: c.now().Add(time.Hour), Owner: simulator.Owner{Organization: "org_1"}})
	for token, want := range map[string]int{"jwt-a": 200, "jwt-x": 401, "fk-any": 200} {
		if a := s.do("POST", "/api/llm/a/v1/messages", ask, droidFields("anthropic", token)...); a.status != want {
			t.Errorf("%s: %d %s", token, a.status, a.body)
		}
	}
	if a := s.do("GET", "/api/cli/org", "", "authorization: Bearer jwt-a", "x-factory-client: cli"); a.status != 200 || a.body != `{"workosOrgIds":["org_1"]}` {
		t.Errorf("organizations: %d %s", a.status, a.body)
	}
	if a := s.do("GET", "/api/cli/org", "", "authorization: Bearer jwt-a"); a.status != 400 {
		t.Errorf("organizations without the client: %d %s", a.status, a.body)
	}
	c.advance(time.Hour)
	if a := s.do("GET", "/api/cli/org", "", "authorization: Bearer jwt-a", "x-factory-client: cli"); a.status != 401 {
		t.Errorf("organizations an hour later: %d %s", a.status, a.body)
	}
}
