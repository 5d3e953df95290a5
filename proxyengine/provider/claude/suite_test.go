package claude_test

import (
	"testing"
	"time"

	"crs/internal/account"
	"crs/lab/providertest"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/claude"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	providertest.Run(t, &providertest.Suite{
		Provider: newProvider(t), Now: now, Requests: requests(), BodyNames: true, Answers: answers(),
		Account: console("sk-ant-k"), Service: anthropic.Messages, Model: "claude-opus-4-8", Family: "opus",
		Recordings: providertest.Recordings(t, anthropic.Messages, anthropic.CountTokens),
		Renewal: &providertest.Renewal{
			Account: subscription(),
			Want: "POST https://platform.claude.com/v1/oauth/token\nContent-Type: application/json\nAccept: application/json\nAccept-Encoding: identity\n\n" +
				`{"client_id":"9d1c250a-e61b-44d9-88ed-5944d1962f5e","grant_type":"refresh_token","refresh_token":"sk-ant-ort01-y"}`,
			Answer: `{"access_token":"fresh-access","refresh_token":"fresh-refresh","expires_in":28800,"scope":"user:inference user:profile","token_type":"Bearer"}`,
			Life:   8 * time.Hour,
		},
		Files: map[string]string{
			claude.Subscription: `{"claudeAiOauth":{"accessToken":"sk-ant-oat01-a","refreshToken":"sk-ant-ort01-r","expiresAt":1895000000000,"scopes":["user:inference"],"subscriptionType":"max"}}`,
		},
	})
}

func requests() map[string]providertest.Request {
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
	return map[string]providertest.Request{
		"an Anthropic key": {
			Account: console("sk-ant-api03-k"), Service: anthropic.Messages, Query: "beta=true", Header: client, Body: body,
			Want: "POST https://api.anthropic.com/v1/messages?beta=true\n" + forwarded + betas + "\naccept-encoding: identity\nx-api-key: sk-ant-api03-k\n\n" + body,
		},
		"another endpoint's key": {
			Account: console("k-1", func(a *account.Account) { a.BaseURL = "https://gateway.example:8443/claude/" }), Service: anthropic.Messages, Header: client, Body: body,
			Want: "POST https://gateway.example:8443/claude/v1/messages\n" + forwarded + betas + "\naccept-encoding: identity\nauthorization: Bearer k-1\n\n" + body,
		},
		"a base URL that names the path": {
			Account: console("k-1", func(a *account.Account) { a.BaseURL = "http://g.example/v1/messages" }), Service: anthropic.CountTokens, Query: "beta=true", Header: client, Body: body,
			Want: "POST http://g.example/v1/messages/count_tokens?beta=true\n" + forwarded + betas + "\naccept-encoding: identity\nauthorization: Bearer k-1\n\n" + body,
		},
		"both styles": {
			Account: console("k-1", func(a *account.Account) { a.Options = map[string]string{"auth": "both"} }), Service: anthropic.Messages, Body: body,
			Want: "POST https://api.anthropic.com/v1/messages\nanthropic-version: 2023-06-01\naccept-encoding: identity\nx-api-key: k-1\nauthorization: Bearer k-1\n\n" + body,
		},
		"a mapped model": {
			Account: console("k-1", func(a *account.Account) { a.Map = map[string]string{"claude-opus-4-8": `vendor/"opus"`} }), Service: anthropic.Messages, Body: body,
			Want: "POST https://api.anthropic.com/v1/messages\nanthropic-version: 2023-06-01\naccept-encoding: identity\nauthorization: Bearer k-1\n\n" +
				`{ "model": "vendor/\"opus\"", "max_tokens" :64,"messages":[] }`,
		},
		"a subscription": {
			Account: subscription(), Service: anthropic.Messages, Header: client, Body: body,
			Want: "POST https://api.anthropic.com/v1/messages\n" + forwarded + betas + ",oauth-2025-04-20\naccept-encoding: identity\nauthorization: Bearer sk-ant-oat01-x\n\n" + body,
		},
		"a count on a subscription": {
			Account: subscription(), Service: anthropic.CountTokens, Body: body,
			Want: "POST https://api.anthropic.com/v1/messages/count_tokens\nanthropic-version: 2023-06-01\nanthropic-beta: oauth-2025-04-20\naccept-encoding: identity\nauthorization: Bearer sk-ant-oat01-x\n\n" + body,
		},
		"a client that asks for OAuth, on a key": {
			Account: console("sk-ant-k"), Service: anthropic.Messages, Header: provider.Header{{Name: "Anthropic-Beta", Value: "oauth-2025-04-20, a"}, {Name: "anthropic-beta", Value: "b"}}, Body: body,
			Want: "POST https://api.anthropic.com/v1/messages\nanthropic-version: 2023-06-01\nanthropic-beta: a,b\naccept-encoding: identity\nx-api-key: sk-ant-k\n\n" + body,
		},
	}
}

func answers() map[string]providertest.Answer {
	const limit = "This request would exceed your account's rate limit."
	return map[string]providertest.Answer{
		"bad request":                {Status: 400, Body: errorBody("invalid_request_error", "prompt is too long"), Next: provider.Deliver, Result: account.Answered},
		"not found":                  {Status: 404, Body: errorBody("not_found_error", "model"), Next: provider.Deliver, Result: account.Answered},
		"too large":                  {Status: 413, Body: errorBody("request_too_large", ""), Next: provider.Deliver, Result: account.Answered},
		"Claude Code only":           {Status: 400, Body: errorBody("invalid_request_error", "This credential is only authorized for use with Claude Code and cannot be used for other API requests."), Next: provider.Deliver, Result: account.Answered},
		"no credit":                  {Status: 400, Body: errorBody("invalid_request_error", "Your credit balance is too low to access the Anthropic API."), Next: provider.TryAnother, Result: account.Exhausted, Mask: true},
		"billing":                    {Status: 402, Body: errorBody("billing_error", ""), Next: provider.TryAnother, Result: account.Exhausted, Mask: true},
		"organization off":           {Status: 400, Body: errorBody("invalid_request_error", "This organization has been disabled."), Next: provider.TryAnother, Result: account.Blocked, Mask: true},
		"OAuth off":                  {Status: 403, Body: errorBody("permission_error", "OAuth authentication is currently not allowed for this organization."), Next: provider.TryAnother, Result: account.Blocked, Mask: true},
		"key refused":                {Status: 401, Body: errorBody("authentication_error", "invalid x-api-key"), Next: provider.TryAnother, Result: account.Denied, Mask: true},
		"token refused":              {Account: subscription(), Status: 401, Body: errorBody("authentication_error", "OAuth token has expired"), Next: provider.Renew, Result: account.Denied, Mask: true},
		"a page":                     {Status: 403, Body: "<html>Just a moment", Next: provider.TryAnother, Result: account.Failed, Mask: true, NeedsReencoding: true, Hint: "web page"},
		"forbidden":                  {Status: 403, Body: errorBody("permission_error", "no"), Next: provider.TryAnother, Result: account.Denied, Mask: true},
		"overloaded":                 {Status: 529, Body: errorBody("overloaded_error", "Overloaded"), Next: provider.TryAgain, Result: account.Overloaded},
		"unavailable":                {Status: 503, Next: provider.TryAgain, Result: account.Overloaded, NeedsReencoding: true},
		"server error":               {Status: 500, Body: errorBody("api_error", ""), Next: provider.TryAnother, Result: account.Failed},
		"gateway":                    {Status: 502, Body: "<html>", Next: provider.TryAnother, Result: account.Failed, NeedsReencoding: true},
		"no count_tokens":            {Service: anthropic.CountTokens, Status: 404, Next: provider.TryAnother, Result: account.Unsupported, Only: anthropic.CountTokens, NeedsReencoding: true},
		"429, nothing said":          {Status: 429, Body: errorBody("rate_limit_error", limit), Next: provider.TryAnother, Result: account.Throttled, Scope: "opus"},
		"429, retry-after":           {Status: 429, Header: provider.Header{{Name: "Retry-After", Value: "30"}}, Next: provider.TryAnother, Result: account.Exhausted, Scope: "opus", Until: 30 * time.Second, NeedsReencoding: true, Wait: 30 * time.Second},
		"429, 5 h used up":           {Status: 429, Header: unifiedHeader("status", "rejected", "5h-status", "rejected", "5h-reset", unix(2*time.Hour), "7d-status", "allowed", "7d-reset", unix(99*time.Hour)), Next: provider.TryAnother, Result: account.Exhausted, Until: 2 * time.Hour, NeedsReencoding: true},
		"429, both used up":          {Status: 429, Header: unifiedHeader("5h-status", "rejected", "5h-reset", unix(2*time.Hour), "7d-status", "rejected", "7d-reset", unix(50*time.Hour)), Next: provider.TryAnother, Result: account.Exhausted, Until: 50 * time.Hour, NeedsReencoding: true},
		"429, opus window":           {Status: 429, Header: unifiedHeader("5h-status", "allowed", "5h-reset", unix(time.Hour), "7d_opus-status", "rejected", "7d_opus-reset", unix(60*time.Hour)), Next: provider.TryAnother, Result: account.Exhausted, Scope: "opus", Until: 60 * time.Hour, NeedsReencoding: true},
		"429, opus claim":            {Status: 429, Header: unifiedHeader("status", "rejected", "representative-claim", "seven_day_opus", "reset", unix(70*time.Hour)), Next: provider.TryAnother, Result: account.Exhausted, Scope: "opus", Until: 70 * time.Hour, NeedsReencoding: true},
		"429, overage window":        {Status: 429, Header: unifiedHeader("5h-status", "allowed", "7d_oi-status", "rejected", "7d_oi-reset", now.Add(20*time.Hour).Format(time.RFC3339)), Next: provider.TryAnother, Result: account.Exhausted, Scope: "opus", Until: 20 * time.Hour, NeedsReencoding: true},
		"429, only a reset":          {Status: 429, Header: unifiedHeader("status", "rejected", "reset", unix(3*time.Hour)), Next: provider.TryAnother, Result: account.Exhausted, Until: 3 * time.Hour, NeedsReencoding: true},
		"429, extra usage":           {Status: 429, Header: unifiedHeader("status", "rejected", "reset", unix(3*time.Hour)), Body: errorBody("rate_limit_error", "Extra usage is required for long context requests."), Next: provider.Deliver, Result: account.Answered},
		"429, spending limit":        {Status: 429, Body: `{"type":"error","error":{"type":"rate_limit_error","message":"limit","details":{"error_code":"enforced_spend_limit_reached"}}}`, Next: provider.TryAnother, Result: account.Exhausted, Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).Sub(now)},
		"429, a client's small talk": {Account: subscription(), Background: true, Status: 429, Header: unifiedHeader("status", "rejected", "reset", unix(time.Hour)), Next: provider.Deliver, Result: account.Answered, NeedsReencoding: true},
		"429, nonsense":              {Status: 429, Header: append(unifiedHeader("reset", "soon", "5h-status", "rejected", "5h-reset", "never"), provider.Field{Name: "retry-after", Value: "-3"}), Next: provider.TryAnother, Result: account.Throttled, Scope: "opus", NeedsReencoding: true},
		"stream: overloaded":         {Status: 200, InStream: true, Body: errorBody("overloaded_error", "Overloaded"), Next: provider.TryAgain, Result: account.Overloaded, Becomes: 529},
		"stream: rate limit":         {Status: 200, InStream: true, Body: errorBody("api_error", limit), Next: provider.TryAnother, Result: account.Throttled, Scope: "opus", Becomes: 429},
		"stream: bad request":        {Status: 200, InStream: true, Body: errorBody("invalid_request_error", "x"), Next: provider.Deliver, Result: account.Answered, Becomes: 400},
		"stream: anything":           {Status: 200, InStream: true, Body: errorBody("api_error", "Internal server error"), Next: provider.TryAnother, Result: account.Failed, Becomes: 500},
		"not even JSON":              {Status: 401, Body: "Unauthorized", Next: provider.TryAnother, Result: account.Denied, Mask: true, NeedsReencoding: true},
	}
}
