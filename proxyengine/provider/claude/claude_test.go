package claude_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/claude"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newProvider(t *testing.T) *claude.Provider {
	t.Helper()
	p, err := claude.New(claude.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func console(key string, change ...func(*account.Account)) *account.Account {
	a := &account.Account{Name: "c", Platform: claude.Console, Credential: account.Credential{Kind: account.APIKey, Secret: secret.New(key)}}
	for _, c := range change {
		c(a)
	}
	return a
}

func subscription() *account.Account {
	return &account.Account{Name: "s", Platform: claude.Subscription, Credential: account.Credential{
		Kind: account.OAuth, Secret: secret.New("sk-ant-oat01-x"), Refresh: secret.New("sk-ant-ort01-y"), ExpiresAt: now.Add(time.Hour), Generation: 4,
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

func TestPrepare(t *testing.T) {
	t.Parallel()
	const body = `{ "model": "claude-opus-4-8", "max_tokens" :64,"messages":[] }`
	client := provider.Header{
		{Name: "Accept", Value: "application/json"}, {Name: "User-Agent", Value: "claude-cli/2.1.197 (external, sdk-cli)"},
		{Name: "anthropic-beta", Value: "claude-code-20250219,context-1m-2025-08-07"}, {Name: "anthropic-version", Value: "2023-06-01"},
		{Name: "X-Stainless-Retry-Count", Value: "0"}, {Name: "X-Claude-Code-Session-Id", Value: "s"}, {Name: "x-app", Value: "cli"},
		{Name: "X-Internal-Team", Value: "secret project"},
	}
	const forwarded = "Accept: application/json\nUser-Agent: claude-cli/2.1.197 (external, sdk-cli)\nanthropic-version: 2023-06-01\n" +
		"X-Stainless-Retry-Count: 0\nX-Claude-Code-Session-Id: s\nx-app: cli\n"
	const betas = "anthropic-beta: claude-code-20250219,context-1m-2025-08-07"
	for name, c := range map[string]struct {
		acc     *account.Account
		service string
		query   string
		header  provider.Header
		want    string
	}{
		"an Anthropic key": {
			console("sk-ant-api03-k"), anthropic.Messages, "beta=true", client,
			"POST https://api.anthropic.com/v1/messages?beta=true\n" + forwarded + betas + "\naccept-encoding: identity\nx-api-key: sk-ant-api03-k\n\n" + body,
		},
		"another endpoint's key": {
			console("k-1", func(a *account.Account) { a.BaseURL = "https://gateway.example:8443/claude/" }), anthropic.Messages, "", client,
			"POST https://gateway.example:8443/claude/v1/messages\n" + forwarded + betas + "\naccept-encoding: identity\nauthorization: Bearer k-1\n\n" + body,
		},
		"a base URL that names the path": {
			console("k-1", func(a *account.Account) { a.BaseURL = "http://g.example/v1/messages" }), anthropic.CountTokens, "beta=true", client,
			"POST http://g.example/v1/messages/count_tokens?beta=true\n" + forwarded + betas + "\naccept-encoding: identity\nauthorization: Bearer k-1\n\n" + body,
		},
		"both styles": {
			console("k-1", func(a *account.Account) { a.Options = map[string]string{"auth": "both"} }), anthropic.Messages, "", nil,
			"POST https://api.anthropic.com/v1/messages\nanthropic-version: 2023-06-01\naccept-encoding: identity\nx-api-key: k-1\nauthorization: Bearer k-1\n\n" + body,
		},
		"a mapped model": {
			console("k-1", func(a *account.Account) { a.Map = map[string]string{"claude-opus-4-8": `vendor/"opus"`} }), anthropic.Messages, "", nil,
			"POST https://api.anthropic.com/v1/messages\nanthropic-version: 2023-06-01\naccept-encoding: identity\nauthorization: Bearer k-1\n\n" +
				`{ "model": "vendor/\"opus\"", "max_tokens" :64,"messages":[] }`,
		},
		"a subscription": {
			subscription(), anthropic.Messages, "", client,
			"POST https://api.anthropic.com/v1/messages\n" + forwarded + betas + ",oauth-2025-04-20\naccept-encoding: identity\nauthorization: Bearer sk-ant-oat01-x\n\n" + body,
		},
		"a client that asks for OAuth, on a key": {
			console("sk-ant-k"), anthropic.Messages, "", provider.Header{{Name: "Anthropic-Beta", Value: "oauth-2025-04-20, a"}, {Name: "anthropic-beta", Value: "b"}},
			"POST https://api.anthropic.com/v1/messages\nanthropic-version: 2023-06-01\nanthropic-beta: a,b\naccept-encoding: identity\nx-api-key: sk-ant-k\n\n" + body,
		},
	} {
		in := &provider.Inbound{Method: "POST", Query: c.query, Header: c.header, Body: []byte(body)}
		want, err := anthropic.Protocol{}.Inspect(c.service, in)
		if err != nil {
			t.Fatal(err)
		}
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
	body := []byte(`{"model":"m","messages":[]}`)
	out, err := newProvider(t).Prepare(&provider.Inbound{Body: body}, &provider.Intent{Model: "m"}, console("k"))
	if err != nil || len(out.Body) != 1 || &out.Body[0][0] != &body[0] {
		t.Errorf("the body was copied (%v)", err)
	}
}

func errorBody(kind, message string) string {
	return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%q}}`, kind, message)
}

func unifiedHeader(fields ...string) provider.Header {
	var h provider.Header
	for i := 0; i < len(fields); i += 2 {
		h = append(h, provider.Field{Name: "Anthropic-Ratelimit-Unified-" + fields[i], Value: fields[i+1]})
	}
	return h
}

func unix(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }

func TestJudge(t *testing.T) {
	t.Parallel()
	const limit = "This request would exceed your account's rate limit."
	for name, c := range map[string]struct {
		acc     *account.Account
		service string
		status  int
		header  provider.Header
		body    string
		stream  bool

		next    provider.Next
		result  account.Result
		scope   string
		until   time.Duration // from now; 0 for not told
		conceal bool
	}{
		"bad request":         {status: 400, body: errorBody("invalid_request_error", "prompt is too long"), next: provider.Deliver, result: account.Answered},
		"not found":           {status: 404, body: errorBody("not_found_error", "model"), next: provider.Deliver, result: account.Answered},
		"too large":           {status: 413, body: errorBody("request_too_large", ""), next: provider.Deliver, result: account.Answered},
		"Claude Code only":    {status: 400, body: errorBody("invalid_request_error", "This credential is only authorized for use with Claude Code and cannot be used for other API requests."), next: provider.Deliver, result: account.Answered},
		"no credit":           {status: 400, body: errorBody("invalid_request_error", "Your credit balance is too low to access the Anthropic API."), next: provider.TryAnother, result: account.Exhausted, conceal: true},
		"billing":             {status: 402, body: errorBody("billing_error", ""), next: provider.TryAnother, result: account.Exhausted, conceal: true},
		"organization off":    {status: 400, body: errorBody("invalid_request_error", "This organization has been disabled."), next: provider.TryAnother, result: account.Blocked, conceal: true},
		"OAuth off":           {status: 403, body: errorBody("permission_error", "OAuth authentication is currently not allowed for this organization."), next: provider.TryAnother, result: account.Blocked, conceal: true},
		"key refused":         {status: 401, body: errorBody("authentication_error", "invalid x-api-key"), next: provider.TryAnother, result: account.Denied, conceal: true},
		"token refused":       {acc: subscription(), status: 401, body: errorBody("authentication_error", "OAuth token has expired"), next: provider.Renew, result: account.Denied, conceal: true},
		"forbidden":           {status: 403, body: errorBody("permission_error", "no"), next: provider.TryAnother, result: account.Denied, conceal: true},
		"overloaded":          {status: 529, body: errorBody("overloaded_error", "Overloaded"), next: provider.TryAgain, result: account.Overloaded},
		"unavailable":         {status: 503, next: provider.TryAgain, result: account.Overloaded},
		"server error":        {status: 500, body: errorBody("api_error", ""), next: provider.TryAnother, result: account.Failed},
		"gateway":             {status: 502, body: "<html>", next: provider.TryAnother, result: account.Failed},
		"no count_tokens":     {service: anthropic.CountTokens, status: 404, next: provider.TryAnother, result: account.Unsupported, scope: anthropic.CountTokens},
		"429, nothing said":   {status: 429, body: errorBody("rate_limit_error", limit), next: provider.TryAnother, result: account.Throttled},
		"429, retry-after":    {status: 429, header: provider.Header{{Name: "Retry-After", Value: "30"}}, next: provider.TryAnother, result: account.Exhausted, until: 30 * time.Second},
		"429, 5 h used up":    {status: 429, header: unifiedHeader("status", "rejected", "5h-status", "rejected", "5h-reset", unix(2*time.Hour), "7d-status", "allowed", "7d-reset", unix(99*time.Hour)), next: provider.TryAnother, result: account.Exhausted, until: 2 * time.Hour},
		"429, both used up":   {status: 429, header: unifiedHeader("5h-status", "rejected", "5h-reset", unix(2*time.Hour), "7d-status", "rejected", "7d-reset", unix(50*time.Hour)), next: provider.TryAnother, result: account.Exhausted, until: 50 * time.Hour},
		"429, opus window":    {status: 429, header: unifiedHeader("5h-status", "allowed", "5h-reset", unix(time.Hour), "7d_opus-status", "rejected", "7d_opus-reset", unix(60*time.Hour)), next: provider.TryAnother, result: account.Exhausted, scope: "opus", until: 60 * time.Hour},
		"429, opus claim":     {status: 429, header: unifiedHeader("status", "rejected", "representative-claim", "seven_day_opus", "reset", unix(70*time.Hour)), next: provider.TryAnother, result: account.Exhausted, scope: "opus", until: 70 * time.Hour},
		"429, overage window": {status: 429, header: unifiedHeader("5h-status", "allowed", "7d_oi-status", "rejected", "7d_oi-reset", now.Add(20*time.Hour).Format(time.RFC3339)), next: provider.TryAnother, result: account.Exhausted, scope: "opus", until: 20 * time.Hour},
		"429, only a reset":   {status: 429, header: unifiedHeader("status", "rejected", "reset", unix(3*time.Hour)), next: provider.TryAnother, result: account.Exhausted, until: 3 * time.Hour},
		"429, extra usage":    {status: 429, header: unifiedHeader("status", "rejected", "reset", unix(3*time.Hour)), body: errorBody("rate_limit_error", "Extra usage is required for long context requests."), next: provider.Deliver, result: account.Answered},
		"429, spending limit": {status: 429, body: `{"type":"error","error":{"type":"rate_limit_error","message":"limit","details":{"error_code":"enforced_spend_limit_reached"}}}`, next: provider.TryAnother, result: account.Exhausted, until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).Sub(now)},
		"429, nonsense":       {status: 429, header: append(unifiedHeader("reset", "soon", "5h-status", "rejected", "5h-reset", "never"), provider.Field{Name: "retry-after", Value: "-3"}), next: provider.TryAnother, result: account.Throttled},
		"stream: overloaded":  {status: 200, stream: true, body: errorBody("overloaded_error", "Overloaded"), next: provider.TryAgain, result: account.Overloaded},
		"stream: rate limit":  {status: 200, stream: true, body: errorBody("api_error", limit), next: provider.TryAnother, result: account.Throttled},
		"stream: bad request": {status: 200, stream: true, body: errorBody("invalid_request_error", "x"), next: provider.Deliver, result: account.Answered},
		"stream: anything":    {status: 200, stream: true, body: errorBody("api_error", "Internal server error"), next: provider.TryAnother, result: account.Failed},
		"not even JSON":       {status: 401, body: "Unauthorized", next: provider.TryAnother, result: account.Denied, conceal: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acc := c.acc
			if acc == nil {
				acc = console("sk-ant-k")
			}
			want := &provider.Intent{Service: or(c.service, anthropic.Messages), Model: "claude-opus-4-8", Family: "opus"}
			v := newProvider(t).Judge(want, acc, &provider.Reply{At: now, Status: c.status, Header: c.header, Body: []byte(c.body), InStream: c.stream})
			var until time.Time
			if c.until > 0 {
				until = now.Add(c.until)
			}
			o := v.Outcome
			if v.Next != c.next || o.Result != c.result || o.Scope != c.scope || !o.Until.Equal(until) || v.Conceal != c.conceal {
				t.Errorf("%+v", v)
			}
			if o.Evidence == "" || v.Status < 400 {
				t.Errorf("evidence %q, status %d", o.Evidence, v.Status)
			}
		})
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestALimitOnAClientsSmallTalkSaysNothing(t *testing.T) {
	t.Parallel()
	v := newProvider(t).Judge(&provider.Intent{Background: true}, subscription(), &provider.Reply{At: now, Status: 429, Header: unifiedHeader("status", "rejected", "reset", unix(time.Hour))})
	if v.Next != provider.Deliver || v.Outcome.Result != account.Answered {
		t.Errorf("%+v", v)
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	h := unifiedHeader("status", "allowed", "5h-status", "allowed_warning", "5h-reset", unix(time.Hour), "5h-utilization", "0.87",
		"7d-status", "allowed", "7d-reset", unix(100*time.Hour), "7d-utilization", "0.31", "fallback-percentage", "0.5", "7d_opus-utilization", "1.5",
		"7d_opus-reset", unix(-time.Hour), "overage-status", "rejected")
	got := fmt.Sprint(newProvider(t).Windows(h, now))
	want := fmt.Sprint([]account.Window{
		{Name: "5h", Used: 0.87, Status: "allowed_warning", ResetsAt: time.Unix(now.Add(time.Hour).Unix(), 0)},
		{Name: "7d", Used: 0.31, Status: "allowed", ResetsAt: time.Unix(now.Add(100*time.Hour).Unix(), 0)},
	})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if w := newProvider(t).Windows(provider.Header{{Name: "anthropic-ratelimit-requests-limit", Value: "5"}}, now); w != nil {
		t.Errorf("%v", w)
	}
}
