package openai_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/lab/providertest"
	protocol "crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/openai"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	all := providertest.Recordings(t, protocol.Responses, protocol.Compact, protocol.Chat, protocol.Completions, protocol.Embeddings, protocol.Images)
	hidden := all["chat.sse"]
	hidden.HideUsage, hidden.Output = true, string(providertest.Recorded(t, "chat-hidden.sse"))
	all["chat, figures hidden"] = hidden
	providertest.Run(t, &providertest.Suite{
		Provider: newProvider(t), Now: now, Requests: requests(), BodyNames: true, Answers: verdicts(), Recordings: all,
		Account: key(), Service: protocol.Responses, Model: "gpt-5.5", Family: "gpt-5.5",
		Renewal: &providertest.Renewal{
			Account: codex(),
			Want: "POST https://auth.openai.com/oauth/token\n" + formHeader +
				"client_id=app_EMoamEEZ73f0CkXaXp7hrann&grant_type=refresh_token&refresh_token=rt-1&scope=openid+profile+email",
			Answer: `{"access_token":"fresh-access","refresh_token":"fresh-refresh","expires_in":3600}`,
			Life:   time.Hour,
		},
		Files: map[string]string{
			openai.Subscription: fmt.Sprintf(`{"OPENAI_API_KEY":null,"tokens":{"id_token":%q,"access_token":%q,"refresh_token":"rt-hidden","account_id":"acct-1"},"last_refresh":"2026-01-01T00:00:00Z"}`,
				jwt(`{"exp":1895000000}`), jwt(`{"exp":1895000000,"https://api.openai.com/auth":{"chatgpt_account_id":"acct-1"}}`)),
			openai.API: `{"OPENAI_API_KEY":"sk-hidden"}`,
		},
	})
}

func requests() map[string]providertest.Request {
	const body = `{ "model": "gpt-5.5", "instructions" :"","input":[],"store":false,"stream":true}`
	const chat = `{ "model" :"gpt-5.5","messages":[],"stream":true}`
	const counted = `{"stream_options":{"include_usage":true}, "model" :"gpt-5.5","messages":[],"stream":true}`
	mapped := codex(func(a *account.Account) { a.Map = map[string]string{"gpt-5.5": "gpt-5.6"} }, at("http://127.0.0.1:9/backend-api/codex/"))
	all := map[string]providertest.Request{
		"Codex's own": {
			Account: codex(), Service: protocol.Responses, Path: "/responses", Header: fromCodex(), Body: body,
			Want: "POST https://chatgpt.com/backend-api/codex/responses\n" + forwarded + "authorization: Bearer at-1\nchatgpt-account-id: acct-1\n\n" + body,
		},
		"a compaction with another model, elsewhere": {
			Account: mapped, Service: protocol.Compact, Path: "/v1/responses/compact", Query: "x=1", Body: body,
			Want: "POST http://127.0.0.1:9/backend-api/codex/responses/compact?x=1\ncontent-type: application/json\naccept-encoding: identity\naccept: text/event-stream\n" +
				"authorization: Bearer at-1\nchatgpt-account-id: acct-1\n\n" + strings.Replace(body, "gpt-5.5", "gpt-5.6", 1),
		},
		"a picture by Codex": {
			Account: codex(), Service: protocol.Images, Path: "/v1/images/edits", Body: `{"prompt":"x"}`,
			Want: "POST https://chatgpt.com/backend-api/codex/images/edits\ncontent-type: application/json\naccept-encoding: identity\n" +
				"authorization: Bearer at-1\nchatgpt-account-id: acct-1\n\n" + `{"prompt":"x"}`,
		},
		"OpenAI's own": {
			Account: key(), Service: protocol.Chat, Query: "a=b", Header: fromSDK(), Body: chat,
			Want: "POST https://api.openai.com/v1/chat/completions?a=b\n" + fromSDKSent + "\n" + counted,
		},
		"an organization and a project": {
			Account: key(func(a *account.Account) { a.Options = map[string]string{"organization": "org-1", "project": "proj_1"} }),
			Service: protocol.Chat, Header: fromSDK(), Body: chat,
			Want: "POST https://api.openai.com/v1/chat/completions\n" + fromSDKSent + "openai-organization: org-1\nopenai-project: proj_1\n\n" + counted,
		},
		"a mapped model": {
			Account: key(func(a *account.Account) { a.Map = map[string]string{"gpt-5.5": "vendor/gpt"} }), Service: protocol.Chat, Header: fromSDK(), Body: chat,
			Want: "POST https://api.openai.com/v1/chat/completions\n" + fromSDKSent + "\n" + strings.Replace(counted, "gpt-5.5", "vendor/gpt", 1),
		},
	}
	for service, path := range map[string]string{
		protocol.Responses: "responses", protocol.Compact: "responses/compact", protocol.Completions: "completions", protocol.Embeddings: "embeddings", protocol.Images: "images/edits",
	} {
		all["OpenAI's own "+path] = providertest.Request{
			Account: key(), Service: service, Path: "/v1/images/edits", Header: fromSDK(), Body: `{"model":"m", "input":"x","prompt":"x"}`,
			Want: "POST https://api.openai.com/v1/" + path + "\n" + fromSDKSent + "\n" + `{"model":"m", "input":"x","prompt":"x"}`,
		}
	}
	return all
}

// fromSDK is what OpenAI's own library sends, and some that is nobody's business.
func fromSDK() provider.Header {
	return provider.Header{
		{Name: "Accept", Value: "application/json"}, {Name: "User-Agent", Value: "OpenAI/JS 6.1"}, {Name: "X-Stainless-Lang", Value: "js"},
		{Name: "OpenAI-Organization", Value: "org-theirs"}, {Name: "Idempotency-Key", Value: "i"}, {Name: "Content-Type", Value: "application/json"},
	}
}

const fromSDKSent = "Accept: application/json\nUser-Agent: OpenAI/JS 6.1\nX-Stainless-Lang: js\nIdempotency-Key: i\nContent-Type: application/json\n" +
	"accept-encoding: identity\nauthorization: Bearer sk-1\n"

func verdicts() map[string]providertest.Answer {
	all := ofAPIKey()
	for name, a := range ofCodex() {
		if a.Account == nil {
			a.Account = codex()
		}
		all["Codex: "+name] = a
	}
	return all
}

func ofCodex() map[string]providertest.Answer {
	html := header("Content-Type", "text/html; charset=UTF-8")
	full := header("x-codex-primary-used-percent", "100", "x-codex-primary-window-minutes", "300", "x-codex-primary-reset-at", unix(2*time.Hour),
		"x-codex-secondary-used-percent", "100", "x-codex-secondary-window-minutes", "10080", "x-codex-secondary-reset-at", unix(50*time.Hour))
	const another, again, deliver, renew = provider.TryAnother, provider.TryAgain, provider.Deliver, provider.Renew
	return map[string]providertest.Answer{
		"usage limit":               {Status: 429, Body: fmt.Sprintf(usageLimit, unix(3*time.Hour)), Next: another, Result: account.Exhausted, Until: 3 * time.Hour, Says: "The usage limit"},
		"usage limit, in seconds":   {Status: 429, Body: `{"error":{"type":"usage_limit_reached","message":"m","resets_in_seconds":12345}}`, Next: another, Result: account.Exhausted, Until: 12345 * time.Second},
		"usage limit, by gauges":    {Status: 429, Header: full, Body: `{"error":{"type":"usage_limit_reached","message":"m"}}`, Next: another, Result: account.Exhausted, Until: 50 * time.Hour},
		"usage limit, no end":       {Status: 429, Body: `{"error":{"type":"usage_limit_reached","message":"m"}}`, Next: another, Result: account.Exhausted},
		"usage limit of a model":    {Status: 429, Header: header("x-codex-active-limit", "codex_bengalfox"), Body: fmt.Sprintf(usageLimit, unix(time.Hour)), Next: another, Result: account.Exhausted, Scope: "gpt-5.5", Until: time.Hour},
		"usage limit of the plan":   {Status: 429, Header: header("x-codex-active-limit", "codex"), Body: fmt.Sprintf(usageLimit, unix(time.Hour)), Next: another, Result: account.Exhausted, Until: time.Hour},
		"plan without Codex":        {Status: 429, Body: `{"error":{"type":"usage_not_included","message":"To use Codex with your ChatGPT plan, upgrade to Plus"}}`, Next: another, Result: account.Blocked, Mask: true},
		"too fast":                  {Status: 429, Body: problem("requests", "rate_limit_exceeded", "Rate limit reached. Please try again in 1.2s."), Next: again, Result: account.Overloaded, Wait: 1200 * time.Millisecond},
		"too fast, for long":        {Status: 429, Body: problem("requests", "rate_limit_exceeded", "Please try again in 6m0s."), Next: another, Result: account.Throttled, Until: 6 * time.Minute, Wait: 6 * time.Minute},
		"429, nothing said":         {Status: 429, Next: another, Result: account.Throttled, NeedsReencoding: true},
		"429, gauges are full":      {Status: 429, Header: full, Body: `{"detail":"no"}`, Next: another, Result: account.Exhausted, Until: 50 * time.Hour, NeedsReencoding: true, Says: "no"},
		"token refused":             {Status: 401, Body: `{"detail":"Unauthorized"}`, Next: renew, Result: account.Denied, Mask: true, NeedsReencoding: true, Says: "Unauthorized"},
		"token refused, in shape":   {Status: 401, Body: problem("invalid_request_error", "token_expired", "x"), Next: renew, Result: account.Denied, Mask: true},
		"no refresh token":          {Account: codex(func(a *account.Account) { a.Credential.Refresh = key().Proxy }), Status: 401, Next: another, Result: account.Denied, Mask: true, NeedsReencoding: true},
		"payment":                   {Status: 402, Body: `{"detail":"pay"}`, Next: another, Result: account.Exhausted, Mask: true, NeedsReencoding: true, Says: "pay"},
		"workspace gone":            {Status: 402, Body: `{"detail":{"code":"deactivated_workspace"}}`, Next: another, Result: account.Blocked, Mask: true, NeedsReencoding: true},
		"deactivated":               {Status: 401, Body: problem("", "account_deactivated", "Your account has been deactivated"), Next: another, Result: account.Blocked, Mask: true},
		"Cloudflare":                {Status: 403, Header: html, Body: "<!DOCTYPE html><html>Just a moment", Next: another, Result: account.Failed, Mask: true, NeedsReencoding: true, Says: "web page"},
		"forbidden":                 {Status: 403, Body: problem("", "unsupported_country_region_territory", "x"), Next: another, Result: account.Denied, Mask: true},
		"overloaded":                {Status: 503, Body: problem("", "server_is_overloaded", "x"), Next: again, Result: account.Overloaded},
		"slow down":                 {Status: 429, Header: header("retry-after", "2"), Body: problem("", "slow_down", "x"), Next: again, Result: account.Overloaded, Wait: 2 * time.Second},
		"at capacity":               {Status: 400, Body: `{"detail":"Selected model is at capacity. Please try a different model."}`, Next: again, Result: account.Overloaded, NeedsReencoding: true},
		"model not in the plan":     {Status: 400, Body: `{"detail":"The 'gpt-4' model is not supported when using Codex with a ChatGPT account."}`, Next: another, Result: account.Answered, NeedsReencoding: true, Says: "not supported"},
		"bad request":               {Status: 400, Body: `{"detail":"Unsupported parameter: max_output_tokens"}`, Next: deliver, Result: account.Answered, NeedsReencoding: true, Says: "max_output_tokens"},
		"bad request, in shape":     {Status: 400, Body: problem("invalid_request_error", "cyber_policy", "flagged"), Next: deliver, Result: account.Answered},
		"validation":                {Status: 422, Body: `{"detail":[{"loc":["body"],"msg":"field required"}]}`, Next: deliver, Result: account.Answered, NeedsReencoding: true, Says: "field required"},
		"server error":              {Status: 500, Body: problem("server_error", "", "x"), Next: another, Result: account.Failed},
		"gateway":                   {Status: 502, Header: html, Body: "<html>", Next: another, Result: account.Failed, NeedsReencoding: true, Says: "502"},
		"no such path":              {Service: protocol.Images, Status: 404, Body: `{"detail":"Not Found"}`, Next: another, Result: account.Unsupported, Only: protocol.Images, NeedsReencoding: true},
		"stream: usage limit":       {InStream: true, Status: 200, Body: `{"type":"error","status":429,"error":` + strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf(usageLimit, unix(time.Hour)), `{"error":`), "}") + `}`, Next: another, Result: account.Exhausted, Until: time.Hour, Becomes: 429},
		"stream: overloaded":        {InStream: true, Status: 200, Body: failed("server_is_overloaded", "Our servers"), Next: again, Result: account.Overloaded, NeedsReencoding: true, Becomes: 503},
		"stream: capacity":          {InStream: true, Status: 200, Body: failed("server_error", "Selected model is at capacity."), Next: again, Result: account.Overloaded, NeedsReencoding: true, Becomes: 503},
		"stream: too fast":          {InStream: true, Status: 200, Body: failed("rate_limit_exceeded", "Please try again in 28ms"), Next: again, Result: account.Overloaded, Wait: 28 * time.Millisecond, NeedsReencoding: true, Becomes: 429},
		"stream: no quota":          {InStream: true, Status: 200, Body: failed("insufficient_quota", "x"), Next: another, Result: account.Exhausted, Mask: true, NeedsReencoding: true, Becomes: 429},
		"stream: no Codex":          {InStream: true, Status: 200, Body: failed("usage_not_included", "x"), Next: another, Result: account.Blocked, Mask: true, NeedsReencoding: true, Becomes: 429},
		"stream: too long":          {InStream: true, Status: 200, Body: failed("context_length_exceeded", "Your input exceeds"), Next: deliver, Result: account.Answered, NeedsReencoding: true, Becomes: 400, Says: "Your input"},
		"stream: bad prompt":        {InStream: true, Status: 200, Body: failed("invalid_prompt", "x"), Next: deliver, Result: account.Answered, NeedsReencoding: true, Becomes: 400},
		"stream: policy":            {InStream: true, Status: 200, Body: failed("cyber_policy", "x"), Next: deliver, Result: account.Answered, NeedsReencoding: true, Becomes: 400},
		"stream: an image":          {InStream: true, Status: 200, Body: failed("failed_to_download_image_file", "x"), Next: deliver, Result: account.Answered, NeedsReencoding: true, Becomes: 400},
		"stream: event error":       {InStream: true, Status: 200, Body: `{"type":"error","code":"rate_limit_exceeded","message":"Please try again in 2 seconds.","param":null}`, Next: again, Result: account.Overloaded, Wait: 2 * time.Second, NeedsReencoding: true, Becomes: 429},
		"stream: anything":          {InStream: true, Status: 200, Body: failed("server_error", "x"), Next: another, Result: account.Failed, NeedsReencoding: true, Becomes: 500},
		"stream: token":             {InStream: true, Status: 200, Body: `{"type":"error","error":{"code":"token_expired"}}`, Next: renew, Result: account.Denied, Mask: true, Becomes: 401},
		"stream: not even an error": {InStream: true, Status: 200, Body: `[]`, Next: another, Result: account.Failed, NeedsReencoding: true, Becomes: 500},
	}
}

func ofAPIKey() map[string]providertest.Answer {
	const another, again, deliver = provider.TryAnother, provider.TryAgain, provider.Deliver
	return map[string]providertest.Answer{
		"bad request":          {Status: 400, Body: problem("invalid_request_error", "", "x"), Next: deliver, Result: account.Answered},
		"no such model":        {Status: 404, Body: problem("invalid_request_error", "model_not_found", "The model `x` does not exist"), Next: deliver, Result: account.Answered},
		"not for this project": {Status: 403, Body: problem("invalid_request_error", "model_not_found", "Project `p` does not have access to model `m`"), Next: another, Result: account.Answered},
		"no such item":         {Status: 404, Body: problem("invalid_request_error", "", "Item with id 'rs_1' not found."), Next: deliver, Result: account.Answered},
		"no such path":         {Status: 404, Body: problem("invalid_request_error", "", "Invalid URL (POST /v1/responses)"), Next: another, Result: account.Unsupported, Only: protocol.Responses},
		"no such path, plain":  {Service: protocol.Embeddings, Status: 404, Body: "404 page not found", Next: another, Result: account.Unsupported, Only: protocol.Embeddings, NeedsReencoding: true, Says: "404 page"},
		"no such method":       {Status: 405, Body: `{"detail":"Method Not Allowed"}`, Next: another, Result: account.Unsupported, Only: protocol.Responses, NeedsReencoding: true},
		"no chat":              {Service: protocol.Chat, Status: 404, Body: "404 page not found", Next: another, Result: account.Failed, NeedsReencoding: true},
		"key refused":          {Status: 401, Body: problem("invalid_request_error", "invalid_api_key", "Incorrect API key provided"), Next: another, Result: account.Denied, Mask: true},
		"country":              {Status: 403, Body: problem("request_forbidden", "unsupported_country_region_territory", "x"), Next: another, Result: account.Denied, Mask: true},
		"no quota":             {Status: 429, Body: problem("insufficient_quota", "insufficient_quota", "You exceeded your current quota"), Next: another, Result: account.Exhausted, Mask: true},
		"hard limit":           {Status: 400, Body: problem("image_generation_user_error", "billing_hard_limit_reached", "x"), Next: another, Result: account.Exhausted, Mask: true},
		"too fast":             {Status: 429, Body: problem("tokens", "rate_limit_exceeded", "Rate limit reached for gpt-5.5. Please try again in 1m12s. Visit"), Next: another, Result: account.Throttled, Scope: "gpt-5.5", Until: 72 * time.Second, Wait: 72 * time.Second},
		"too fast, header":     {Status: 429, Header: header("retry-after-ms", "250", "retry-after", "1"), Body: problem("", "rate_limit_exceeded", "x"), Next: another, Result: account.Throttled, Scope: "gpt-5.5", Until: 250 * time.Millisecond, Wait: 250 * time.Millisecond},
		"too fast, gauge":      {Status: 429, Header: header("x-ratelimit-remaining-requests", "7", "x-ratelimit-reset-requests", "9h", "x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "6m0s"), Next: another, Result: account.Throttled, Scope: "gpt-5.5", Until: 6 * time.Minute, Wait: 6 * time.Minute, NeedsReencoding: true},
		"too fast, date":       {Status: 429, Header: header("retry-after", "Mon, 23 Nov 2026 12:01:00 GMT", "date", "Mon, 23 Nov 2026 12:00:00 GMT"), Next: another, Result: account.Throttled, Scope: "gpt-5.5", Until: time.Minute, Wait: time.Minute, NeedsReencoding: true},
		"too fast, nonsense":   {Status: 429, Header: header("retry-after", "-3", "retry-after-ms", "x"), Body: problem("", "", "try again in a while, or try again in"), Next: another, Result: account.Throttled, Scope: "gpt-5.5"},
		"a gateway's 429":      {Status: 429, Header: header("content-type", "text/html"), Body: "error code: 1015", Next: another, Result: account.Throttled, NeedsReencoding: true},
		"overloaded":           {Status: 503, Body: "upstream connect error", Next: again, Result: account.Overloaded, NeedsReencoding: true},
		"529":                  {Status: 529, Body: problem("overloaded_error", "", "x"), Next: again, Result: account.Overloaded},
		"server error":         {Status: 500, Body: problem("server_error", "", "x"), Next: another, Result: account.Failed},
		"too slow":             {Status: 408, Next: another, Result: account.Failed, NeedsReencoding: true},
		"an error in words":    {Status: 400, Body: `{"error":"bad"}`, Next: deliver, Result: account.Answered, NeedsReencoding: true, Says: "bad"},
		"stream: chat":         {Service: protocol.Chat, InStream: true, Status: 200, Body: problem("server_error", "", "The server had an error"), Next: another, Result: account.Failed, Becomes: 500},
		"stream: a number":     {Service: protocol.Chat, InStream: true, Status: 200, Body: `{"error":{"code":402,"message":"Insufficient credits"}}`, Next: another, Result: account.Exhausted, Mask: true, Becomes: 402},
		"stream: no model":     {Service: protocol.Chat, InStream: true, Status: 200, Body: problem("not_found_error", "", "x"), Next: deliver, Result: account.Answered, Becomes: 404},
		"stream: input":        {Service: protocol.Chat, InStream: true, Status: 200, Body: problem("invalid_request_error", "", "x"), Next: deliver, Result: account.Answered, Becomes: 400},
	}
}
