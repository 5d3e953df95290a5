package droid_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/internal/usage"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/droid"
)

var (
	_ provider.Provider = (*droid.Provider)(nil)
	_ provider.Checker  = (*droid.Provider)(nil)
	_ provider.Tester   = (*droid.Provider)(nil)
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newProvider(t *testing.T) *droid.Provider {
	t.Helper()
	p, err := droid.New(droid.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func withKey(key string) *account.Account {
	return &account.Account{Name: "k", Platform: droid.Platform, Credential: account.Credential{Kind: account.APIKey, Secret: secret.New(key)}}
}

func loggedIn() *account.Account {
	return &account.Account{Name: "o", Platform: droid.Platform, Options: map[string]string{"organization_id": "org_1"}, Credential: account.Credential{
		Kind: account.OAuth, Secret: secret.New("access-1"), Refresh: secret.New("refresh-1"), ExpiresAt: now.Add(time.Hour), Generation: 4,
	}}
}

// render writes a request as it would go over the wire, for comparing whole.
func render(o *provider.Outbound) string {
	var b strings.Builder
	scheme := "http"
	if o.Endpoint.TLS {
		scheme = "https"
	}
	fmt.Fprintf(&b, "%s %s://%s%s\n", o.Method, scheme, o.Endpoint.Host, o.Target)
	for _, f := range o.Header {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	b.WriteString("\n")
	b.Write(bytes.Join(o.Body, nil))
	return b.String()
}

func inspect(t *testing.T, service string, in *provider.Inbound) provider.Intent {
	t.Helper()
	var protocol provider.Protocol = openai.Protocol{}
	if strings.HasPrefix(service, "anthropic/") {
		protocol = anthropic.Protocol{}
	}
	want, err := protocol.Inspect(service, in)
	if err != nil {
		t.Fatal(err)
	}
	return want
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	genuine := provider.Header{
		{Name: "User-Agent", Value: "factory-cli/0.32.1"}, {Name: "X-Session-Id", Value: "s-1"}, {Name: "X-Factory-Client", Value: "droid"},
		{Name: "x-api-provider", Value: "bedrock"}, {Name: "Content-Type", Value: "application/json"}, {Name: "anthropic-beta", Value: "interleaved-thinking-2025-05-14"},
		{Name: "anthropic-version", Value: "2023-06-01"}, {Name: "X-Stainless-Lang", Value: "js"}, {Name: "X-Internal-Team", Value: "secret project"},
	}
	foreign := provider.Header{{Name: "user-agent", Value: "curl/8"}, {Name: "x-api-provider", Value: "groq"}, {Name: "OpenAI-Organization", Value: "theirs"}}
	const messages = `{ "model":"claude-opus-4-8","max_tokens" :9,"metadata":{"user_id":"u"},"temperature":1,"top_p":1,"messages":[] }`
	const chat = `{"model": "M","messages":[]}`
	const own = "User-Agent: factory-cli/0.32.1\nX-Session-Id: s-1\nX-Factory-Client: droid\nContent-Type: application/json\nanthropic-beta: interleaved-thinking-2025-05-14\nanthropic-version: 2023-06-01\nX-Stainless-Lang: js\n"
	for name, c := range map[string]struct {
		acc     *account.Account
		service string
		header  provider.Header
		body    string
		want    string
	}{
		"Droid's own messages": {
			loggedIn(), anthropic.Messages, genuine, messages,
			"POST https://api.factory.ai/api/llm/a/v1/messages?q=1\n" + own + "x-api-provider: bedrock\nx-api-key: placeholder\naccept-encoding: identity\nauthorization: Bearer access-1\n\n" + messages,
		},
		"a count of tokens": {
			loggedIn(), anthropic.CountTokens, provider.Header{{Name: "User-Agent", Value: "factory-cli/1.2.3"}}, messages,
			"POST https://api.factory.ai/api/llm/a/v1/messages/count_tokens?q=1\nUser-Agent: factory-cli/1.2.3\ncontent-type: application/json\nx-factory-client: cli\nx-api-provider: anthropic\nanthropic-version: 2023-06-01\nx-api-key: placeholder\naccept-encoding: identity\nauthorization: Bearer access-1\n\n" + messages,
		},
		"a mapped model": {
			func() *account.Account {
				a := withKey("fk-1\n")
				a.BaseURL, a.Map = "http://127.0.0.1:9/llm/", map[string]string{"claude-opus-4-8": "claude-x"}
				return a
			}(),
			anthropic.Messages, genuine, messages,
			"POST http://127.0.0.1:9/llm/a/v1/messages?q=1\n" + own + "x-api-provider: anthropic\nx-api-key: placeholder\naccept-encoding: identity\nauthorization: Bearer fk-1\n\n" + strings.Replace(messages, "claude-opus-4-8", "claude-x", 1),
		},
		"another client, which stays what it is": {
			withKey("fk-1"), openai.Chat, foreign, strings.Replace(chat, "M", "glm-4.6", 1),
			"POST https://api.factory.ai/api/llm/o/v1/chat/completions?q=1\nuser-agent: curl/8\ncontent-type: application/json\nx-api-provider: groq\naccept-encoding: identity\nauthorization: Bearer fk-1\n\n" + strings.Replace(chat, "M", "glm-4.6", 1),
		},
		"responses": {
			withKey("fk-1"), openai.Responses, nil, `{"model":"gpt-5.2-codex","input":"x"}`,
			"POST https://api.factory.ai/api/llm/o/v1/responses?q=1\ncontent-type: application/json\nx-api-provider: azure_openai\naccept-encoding: identity\nauthorization: Bearer fk-1\n\n" + `{"model":"gpt-5.2-codex","input":"x"}`,
		},
	} {
		in := &provider.Inbound{Method: "POST", Query: "q=1", Header: c.header, Body: []byte(c.body)}
		want := inspect(t, c.service, in)
		out, err := newProvider(t).Prepare(in, &want, c.acc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := render(out); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, c.want)
		}
	}
}

func TestAnUnmappedBodyIsTheClientsOwnBytes(t *testing.T) {
	t.Parallel()
	in := &provider.Inbound{Body: []byte(`{"model":"claude-opus-4-8","messages":[]}`)}
	want := inspect(t, anthropic.Messages, in)
	out, err := newProvider(t).Prepare(in, &want, withKey("k"))
	if err != nil || len(out.Body) != 1 || &out.Body[0][0] != &in.Body[0] {
		t.Errorf("the body was copied (%v)", err)
	}
}

func TestVendors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ service, model, vendor string }{
		{anthropic.Messages, "glm-4.6", "anthropic"}, {openai.Responses, "gpt-5.1-codex-max", "openai"}, {openai.Responses, "gpt-5", "azure_openai"},
		{openai.Chat, "gemini-3-pro", "google"}, {openai.Chat, "claude-opus-4-8", "anthropic"}, {openai.Chat, "GPT-5", "azure_openai"},
		{openai.Chat, "glm-4.6", "fireworks"}, {openai.Chat, "kimi-k2", "baseten"},
	} {
		in := &provider.Inbound{Body: []byte(`{}`)}
		out, err := newProvider(t).Prepare(in, &provider.Intent{Service: c.service, Model: c.model, ModelAt: 1}, withKey("k"))
		if err != nil || out.Header.Get("x-api-provider") != c.vendor {
			t.Errorf("%+v: %v %v", c, out, err)
		}
	}
	if _, err := newProvider(t).Prepare(&provider.Inbound{}, &provider.Intent{Service: "openai/images"}, withKey("k")); err == nil {
		t.Error("a service that it does not have passed")
	}
}

func TestThePlatform(t *testing.T) {
	t.Parallel()
	facts := newProvider(t).Platforms()[droid.Platform]
	for service, serves := range map[string]bool{
		"anthropic/messages@droid": true, "anthropic/count_tokens@droid": true, "openai/responses@droid": true, "openai/chat@droid": true,
		"anthropic/messages": false, "openai/chat": false, "openai/completions@droid": false,
	} {
		if got := facts.Serves(withKey("k"), service, "gpt-5"); got != serves {
			t.Errorf("%s: %v", service, got)
		}
	}
	if facts.OwnClient != "droid" || facts.Permission != "droid" || facts.Catalog != "" {
		t.Errorf("%+v", facts)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for _, good := range []*account.Account{withKey("fk-abc"), withKey("fk-abc\n"), loggedIn()} {
		if err := p.Check(good); err != nil {
			t.Errorf("%v", err)
		}
	}
	for _, many := range []string{"fk-hush1\nfk-hush2", "fk-hush1,fk-hush2", "fk-hush1 fk-hush2", "\n"} {
		if err := p.Check(withKey(many)); err == nil || !strings.Contains(err.Error(), "group") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", many, err)
		}
	}
	setup := withKey("k")
	setup.Credential.Kind = account.SetupToken
	if p.Check(setup) == nil {
		t.Error("a setup token passed")
	}
}

func TestAddressesAreChecked(t *testing.T) {
	t.Parallel()
	for setting, o := range map[string]droid.Options{
		"api_url": {APIURL: "ftp://x"}, "app_url": {AppURL: "https://user:hush@x"}, "token_url": {AuthURL: "https://x?y=z"},
	} {
		if _, err := droid.New(o); err == nil || !strings.Contains(err.Error(), "providers.droid."+setting) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", setting, err)
		}
	}
	wrong := withKey("k")
	wrong.BaseURL = "ftp://x"
	if _, err := newProvider(t).Prepare(&provider.Inbound{}, &provider.Intent{Service: openai.Chat}, wrong); err == nil || !strings.Contains(err.Error(), "account k") {
		t.Errorf("%v", err)
	}
}

func TestMeters(t *testing.T) {
	t.Parallel()
	header := provider.Header{{Name: "content-type", Value: "application/json"}}
	for service, body := range map[string]string{
		anthropic.Messages: `{"type":"message","usage":{"input_tokens":3,"output_tokens":5}}`,
		openai.Responses:   `{"object":"response","usage":{"input_tokens":3,"output_tokens":5}}`,
		openai.Chat:        `{"object":"chat.completion","usage":{"prompt_tokens":3,"completion_tokens":5}}`,
	} {
		m := newProvider(t).Meter(&provider.Intent{Service: service}, withKey("k"), header)
		m.Feed([]byte(body))
		if got := m.End(); got.Tokens != (usage.Tokens{Input: 3, Output: 5}) {
			t.Errorf("%s: %+v", service, got)
		}
	}
}

func TestATrialCostsNextToNothing(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	acc := withKey("fk-1")
	acc.Map = map[string]string{"claude-opus-4-8": "opus"}
	out, asked, err := p.TestRequest(acc, "claude-opus-4-8")
	if err != nil || asked != "opus" || !strings.HasPrefix(render(out), "POST https://api.factory.ai/api/llm/a/v1/messages\n") {
		t.Fatalf("%s: %v", asked, err)
	}
	var body struct {
		Model     string `json:"model"`
		MaxTokens int    `json:"max_tokens"`
	}
	if err := json.Unmarshal(bytes.Join(out.Body, nil), &body); err != nil || body.Model != "opus" || body.MaxTokens != 1 {
		t.Errorf("%+v, %v", body, err)
	}
	out, asked, err = p.TestRequest(loggedIn(), "any")
	const want = "GET https://app.factory.ai/api/cli/org\naccept: application/json\naccept-encoding: identity\nuser-agent: crs\nx-factory-client: cli\nauthorization: Bearer access-1\n\n"
	if err != nil || asked != "" || render(out) != want {
		t.Errorf("%q: %s (%v)", asked, render(out), err)
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	const anthropicError = `{"type":"error","error":{"type":"invalid_request_error","message":"said"}}`
	const openaiError = `{"error":{"message":"said","type":"invalid_request_error","code":null}}`
	for name, c := range map[string]struct {
		acc     *account.Account
		service string
		status  int
		body    string
		stream  bool

		next    provider.Next
		result  account.Result
		becomes int // 0: as it is
		conceal bool
		foreign bool
		silent  bool // there is no message
	}{
		"bad request":           {service: anthropic.Messages, status: 400, body: anthropicError, next: provider.Deliver, result: account.Answered},
		"bad chat request":      {service: openai.Chat, status: 400, body: openaiError, next: provider.Deliver, result: account.Answered},
		"OpenAI's to Claude's":  {service: anthropic.Messages, status: 400, body: openaiError, next: provider.Deliver, result: account.Answered, foreign: true},
		"Factory's own words":   {service: openai.Chat, status: 400, body: `{"detail":"said"}`, next: provider.Deliver, result: account.Answered, foreign: true},
		"an error that is text": {service: openai.Chat, status: 400, body: `{"error":"said"}`, next: provider.Deliver, result: account.Answered, foreign: true},
		"token refused":         {service: openai.Chat, acc: loggedIn(), status: 401, body: `{"message":"said"}`, next: provider.Renew, result: account.Denied, conceal: true, foreign: true},
		"key refused":           {service: openai.Chat, status: 401, body: `{"message":"said"}`, next: provider.TryAnother, result: account.Denied, conceal: true, foreign: true},
		"plan used up":          {service: anthropic.Messages, status: 402, body: anthropicError, next: provider.TryAnother, result: account.Exhausted, conceal: true},
		"forbidden":             {service: anthropic.Messages, status: 403, body: anthropicError, next: provider.TryAnother, result: account.Denied, conceal: true},
		"throttled":             {service: anthropic.Messages, status: 429, body: anthropicError, next: provider.TryAnother, result: account.Throttled},
		"server error":          {service: anthropic.Messages, status: 500, body: anthropicError, next: provider.TryAnother, result: account.Failed},
		"a page":                {service: anthropic.Messages, status: 502, body: `<html>`, next: provider.TryAnother, result: account.Failed, foreign: true, silent: true},
		"unavailable":           {service: anthropic.Messages, status: 503, body: anthropicError, next: provider.TryAgain, result: account.Overloaded},
		"overloaded":            {service: anthropic.Messages, status: 529, body: anthropicError, next: provider.TryAgain, result: account.Overloaded},
		"no such path":          {service: anthropic.Messages, status: 404, body: anthropicError, next: provider.Deliver, result: account.Answered},
		"no counting":           {service: anthropic.CountTokens, status: 404, body: anthropicError, next: provider.TryAnother, result: account.Unsupported},

		"stream: overloaded": {service: anthropic.Messages, stream: true, status: 200, body: `{"type":"error","error":{"type":"overloaded_error","message":"said"}}`, next: provider.TryAgain, result: account.Overloaded, becomes: 503},
		"stream: failed":     {service: openai.Responses, stream: true, status: 200, body: `{"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"said"}}}`, next: provider.TryAnother, result: account.Throttled, becomes: 429},
		"stream: an error":   {service: openai.Responses, stream: true, status: 200, body: `{"type":"error","code":"invalid_prompt","message":"said"}`, next: provider.Deliver, result: account.Answered, becomes: 400},
		"stream: no money":   {service: openai.Chat, stream: true, status: 200, body: `{"error":{"type":"x","code":"insufficient_quota","message":"said"}}`, next: provider.TryAnother, result: account.Exhausted, becomes: 402, conceal: true},
		"stream: anything":   {service: openai.Chat, stream: true, status: 200, body: `{"error":{"message":"said"}}`, next: provider.TryAnother, result: account.Failed, becomes: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acc := c.acc
			if acc == nil {
				acc = withKey("k")
			}
			v := newProvider(t).Judge(&provider.Intent{Service: c.service}, acc, &provider.Reply{At: now, Status: c.status, Body: []byte(c.body), InStream: c.stream})
			status := c.status
			if c.becomes > 0 {
				status = c.becomes
			}
			if v.Next != c.next || v.Outcome.Result != c.result || v.Status != status || v.Conceal != c.conceal || v.Foreign != c.foreign {
				t.Errorf("%+v", v)
			}
			if (v.Message == "said") == c.silent || v.Outcome.Evidence == "" {
				t.Errorf("message %q, evidence %q", v.Message, v.Outcome.Evidence)
			}
			if c.result == account.Unsupported && v.Outcome.Scope != c.service {
				t.Errorf("scope %q", v.Outcome.Scope)
			}
		})
	}
}

func TestAWishForAPauseIsKept(t *testing.T) {
	t.Parallel()
	h := provider.Header{{Name: "Retry-After", Value: "7"}}
	v := newProvider(t).Judge(&provider.Intent{Service: openai.Chat}, withKey("k"), &provider.Reply{At: now, Status: 429, Header: h})
	if v.RetryAfter != 7*time.Second || !v.Outcome.Until.Equal(now.Add(7*time.Second)) {
		t.Errorf("%+v", v)
	}
}
