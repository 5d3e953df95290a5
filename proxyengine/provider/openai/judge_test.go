package openai_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	protocol "crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

func problem(kind, code, message string) string {
	return fmt.Sprintf(`{"error":{"message":%q,"type":%q,"param":null,"code":%q}}`, message, kind, code)
}

func header(fields ...string) provider.Header {
	var h provider.Header
	for i := 0; i < len(fields); i += 2 {
		h = append(h, provider.Field{Name: fields[i], Value: fields[i+1]})
	}
	return h
}

func unix(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }

type judged struct {
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
	wait    time.Duration
	conceal bool
	foreign bool
	says    string // the message
	is      int    // the status, when it is not the answer's own
}

func (c *judged) check(t *testing.T) {
	t.Helper()
	acc := c.acc
	if acc == nil {
		acc = key()
	}
	service := c.service
	if service == "" {
		service = protocol.Responses
	}
	want := &provider.Intent{Service: service, Model: "gpt-5.5", Family: "gpt-5.5"}
	v := newProvider(t).Judge(want, acc, &provider.Reply{At: now, Status: c.status, Header: c.header, Body: []byte(c.body), InStream: c.stream})
	var until time.Time
	if c.until > 0 {
		until = now.Add(c.until)
	}
	o := v.Outcome
	if v.Next != c.next || o.Result != c.result || o.Scope != c.scope || !o.Until.Equal(until) || v.RetryAfter != c.wait || v.Conceal != c.conceal || v.Foreign != c.foreign {
		t.Errorf("%+v", v)
	}
	status := c.status
	if c.is != 0 {
		status = c.is
	}
	if o.Evidence == "" || v.Status != status || v.Message == "" || !strings.Contains(v.Message, c.says) {
		t.Errorf("evidence %q, status %d, message %q", o.Evidence, v.Status, v.Message)
	}
}

const usageLimit = `{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus","resets_at":%s}}`

func TestJudgeCodex(t *testing.T) {
	t.Parallel()
	html := header("Content-Type", "text/html; charset=UTF-8")
	full := header("x-codex-primary-used-percent", "100", "x-codex-primary-window-minutes", "300", "x-codex-primary-reset-at", unix(2*time.Hour),
		"x-codex-secondary-used-percent", "100", "x-codex-secondary-window-minutes", "10080", "x-codex-secondary-reset-at", unix(50*time.Hour))
	const another, again, deliver, renew = provider.TryAnother, provider.TryAgain, provider.Deliver, provider.Renew
	for name, c := range map[string]judged{
		"usage limit":               {status: 429, body: fmt.Sprintf(usageLimit, unix(3*time.Hour)), next: another, result: account.Exhausted, until: 3 * time.Hour, says: "The usage limit"},
		"usage limit, in seconds":   {status: 429, body: `{"error":{"type":"usage_limit_reached","message":"m","resets_in_seconds":12345}}`, next: another, result: account.Exhausted, until: 12345 * time.Second},
		"usage limit, by gauges":    {status: 429, header: full, body: `{"error":{"type":"usage_limit_reached","message":"m"}}`, next: another, result: account.Exhausted, until: 50 * time.Hour},
		"usage limit, no end":       {status: 429, body: `{"error":{"type":"usage_limit_reached","message":"m"}}`, next: another, result: account.Exhausted},
		"usage limit of a model":    {status: 429, header: header("x-codex-active-limit", "codex_bengalfox"), body: fmt.Sprintf(usageLimit, unix(time.Hour)), next: another, result: account.Exhausted, scope: "gpt-5.5", until: time.Hour},
		"usage limit of the plan":   {status: 429, header: header("x-codex-active-limit", "codex"), body: fmt.Sprintf(usageLimit, unix(time.Hour)), next: another, result: account.Exhausted, until: time.Hour},
		"plan without Codex":        {status: 429, body: `{"error":{"type":"usage_not_included","message":"To use Codex with your ChatGPT plan, upgrade to Plus"}}`, next: another, result: account.Blocked, conceal: true},
		"too fast":                  {status: 429, body: problem("requests", "rate_limit_exceeded", "Rate limit reached. Please try again in 1.2s."), next: again, result: account.Overloaded, wait: 1200 * time.Millisecond},
		"too fast, for long":        {status: 429, body: problem("requests", "rate_limit_exceeded", "Please try again in 6m0s."), next: another, result: account.Throttled, until: 6 * time.Minute, wait: 6 * time.Minute},
		"429, nothing said":         {status: 429, next: another, result: account.Throttled, foreign: true},
		"429, gauges are full":      {status: 429, header: full, body: `{"detail":"no"}`, next: another, result: account.Exhausted, until: 50 * time.Hour, foreign: true, says: "no"},
		"token refused":             {status: 401, body: `{"detail":"Unauthorized"}`, next: renew, result: account.Denied, conceal: true, foreign: true, says: "Unauthorized"},
		"token refused, in shape":   {status: 401, body: problem("invalid_request_error", "token_expired", "x"), next: renew, result: account.Denied, conceal: true},
		"no refresh token":          {acc: codex(func(a *account.Account) { a.Credential.Refresh = key().Proxy }), status: 401, next: another, result: account.Denied, conceal: true, foreign: true},
		"payment":                   {status: 402, body: `{"detail":"pay"}`, next: another, result: account.Exhausted, conceal: true, foreign: true, says: "pay"},
		"workspace gone":            {status: 402, body: `{"detail":{"code":"deactivated_workspace"}}`, next: another, result: account.Blocked, conceal: true, foreign: true},
		"deactivated":               {status: 401, body: problem("", "account_deactivated", "Your account has been deactivated"), next: another, result: account.Blocked, conceal: true},
		"Cloudflare":                {status: 403, header: html, body: "<!DOCTYPE html><html>Just a moment", next: another, result: account.Failed, conceal: true, foreign: true, says: "web page"},
		"forbidden":                 {status: 403, body: problem("", "unsupported_country_region_territory", "x"), next: another, result: account.Denied, conceal: true},
		"overloaded":                {status: 503, body: problem("", "server_is_overloaded", "x"), next: again, result: account.Overloaded},
		"slow down":                 {status: 429, header: header("retry-after", "2"), body: problem("", "slow_down", "x"), next: again, result: account.Overloaded, wait: 2 * time.Second},
		"at capacity":               {status: 400, body: `{"detail":"Selected model is at capacity. Please try a different model."}`, next: again, result: account.Overloaded, foreign: true},
		"model not in the plan":     {status: 400, body: `{"detail":"The 'gpt-4' model is not supported when using Codex with a ChatGPT account."}`, next: another, result: account.Answered, foreign: true, says: "not supported"},
		"bad request":               {status: 400, body: `{"detail":"Unsupported parameter: max_output_tokens"}`, next: deliver, result: account.Answered, foreign: true, says: "max_output_tokens"},
		"bad request, in shape":     {status: 400, body: problem("invalid_request_error", "cyber_policy", "flagged"), next: deliver, result: account.Answered},
		"validation":                {status: 422, body: `{"detail":[{"loc":["body"],"msg":"field required"}]}`, next: deliver, result: account.Answered, foreign: true, says: "field required"},
		"server error":              {status: 500, body: problem("server_error", "", "x"), next: another, result: account.Failed},
		"gateway":                   {status: 502, header: html, body: "<html>", next: another, result: account.Failed, foreign: true, says: "502"},
		"no such path":              {service: protocol.Images, status: 404, body: `{"detail":"Not Found"}`, next: another, result: account.Unsupported, scope: protocol.Images, foreign: true},
		"stream: usage limit":       {stream: true, status: 200, body: `{"type":"error","status":429,"error":` + strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf(usageLimit, unix(time.Hour)), `{"error":`), "}") + `}`, next: another, result: account.Exhausted, until: time.Hour, is: 429},
		"stream: overloaded":        {stream: true, status: 200, body: failed("server_is_overloaded", "Our servers"), next: again, result: account.Overloaded, foreign: true, is: 503},
		"stream: capacity":          {stream: true, status: 200, body: failed("server_error", "Selected model is at capacity."), next: again, result: account.Overloaded, foreign: true, is: 503},
		"stream: too fast":          {stream: true, status: 200, body: failed("rate_limit_exceeded", "Please try again in 28ms"), next: again, result: account.Overloaded, wait: 28 * time.Millisecond, foreign: true, is: 429},
		"stream: no quota":          {stream: true, status: 200, body: failed("insufficient_quota", "x"), next: another, result: account.Exhausted, conceal: true, foreign: true, is: 429},
		"stream: no Codex":          {stream: true, status: 200, body: failed("usage_not_included", "x"), next: another, result: account.Blocked, conceal: true, foreign: true, is: 429},
		"stream: too long":          {stream: true, status: 200, body: failed("context_length_exceeded", "Your input exceeds"), next: deliver, result: account.Answered, foreign: true, is: 400, says: "Your input"},
		"stream: bad prompt":        {stream: true, status: 200, body: failed("invalid_prompt", "x"), next: deliver, result: account.Answered, foreign: true, is: 400},
		"stream: policy":            {stream: true, status: 200, body: failed("cyber_policy", "x"), next: deliver, result: account.Answered, foreign: true, is: 400},
		"stream: an image":          {stream: true, status: 200, body: failed("failed_to_download_image_file", "x"), next: deliver, result: account.Answered, foreign: true, is: 400},
		"stream: event error":       {stream: true, status: 200, body: `{"type":"error","code":"rate_limit_exceeded","message":"Please try again in 2 seconds.","param":null}`, next: again, result: account.Overloaded, wait: 2 * time.Second, foreign: true, is: 429},
		"stream: anything":          {stream: true, status: 200, body: failed("server_error", "x"), next: another, result: account.Failed, foreign: true, is: 500},
		"stream: token":             {stream: true, status: 200, body: `{"type":"error","error":{"code":"token_expired"}}`, next: renew, result: account.Denied, conceal: true, is: 401},
		"stream: not even an error": {stream: true, status: 200, body: `[]`, next: another, result: account.Failed, foreign: true, is: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.acc == nil {
				c.acc = codex()
			}
			c.check(t)
		})
	}
}

// failed is the event by which a Responses stream fails.
func failed(code, message string) string {
	return fmt.Sprintf(`{"type":"response.failed","sequence_number":2,"response":{"id":"resp_1","status":"failed","error":{"code":%q,"message":%q},"usage":null}}`, code, message)
}

func TestJudgeAnAPIKey(t *testing.T) {
	t.Parallel()
	const another, again, deliver = provider.TryAnother, provider.TryAgain, provider.Deliver
	for name, c := range map[string]judged{
		"bad request":          {status: 400, body: problem("invalid_request_error", "", "x"), next: deliver, result: account.Answered},
		"no such model":        {status: 404, body: problem("invalid_request_error", "model_not_found", "The model `x` does not exist"), next: deliver, result: account.Answered},
		"not for this project": {status: 403, body: problem("invalid_request_error", "model_not_found", "Project `p` does not have access to model `m`"), next: another, result: account.Answered},
		"no such item":         {status: 404, body: problem("invalid_request_error", "", "Item with id 'rs_1' not found."), next: deliver, result: account.Answered},
		"no such path":         {status: 404, body: problem("invalid_request_error", "", "Invalid URL (POST /v1/responses)"), next: another, result: account.Unsupported, scope: protocol.Responses},
		"no such path, plain":  {service: protocol.Embeddings, status: 404, body: "404 page not found", next: another, result: account.Unsupported, scope: protocol.Embeddings, foreign: true, says: "404 page"},
		"no such method":       {status: 405, body: `{"detail":"Method Not Allowed"}`, next: another, result: account.Unsupported, scope: protocol.Responses, foreign: true},
		"no chat":              {service: protocol.Chat, status: 404, body: "404 page not found", next: another, result: account.Failed, foreign: true},
		"key refused":          {status: 401, body: problem("invalid_request_error", "invalid_api_key", "Incorrect API key provided"), next: another, result: account.Denied, conceal: true},
		"country":              {status: 403, body: problem("request_forbidden", "unsupported_country_region_territory", "x"), next: another, result: account.Denied, conceal: true},
		"no quota":             {status: 429, body: problem("insufficient_quota", "insufficient_quota", "You exceeded your current quota"), next: another, result: account.Exhausted, conceal: true},
		"hard limit":           {status: 400, body: problem("image_generation_user_error", "billing_hard_limit_reached", "x"), next: another, result: account.Exhausted, conceal: true},
		"too fast":             {status: 429, body: problem("tokens", "rate_limit_exceeded", "Rate limit reached for gpt-5.5. Please try again in 1m12s. Visit"), next: another, result: account.Throttled, scope: "gpt-5.5", until: 72 * time.Second, wait: 72 * time.Second},
		"too fast, header":     {status: 429, header: header("retry-after-ms", "250", "retry-after", "1"), body: problem("", "rate_limit_exceeded", "x"), next: another, result: account.Throttled, scope: "gpt-5.5", until: 250 * time.Millisecond, wait: 250 * time.Millisecond},
		"too fast, gauge":      {status: 429, header: header("x-ratelimit-remaining-requests", "7", "x-ratelimit-reset-requests", "9h", "x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "6m0s"), next: another, result: account.Throttled, scope: "gpt-5.5", until: 6 * time.Minute, wait: 6 * time.Minute, foreign: true},
		"too fast, date":       {status: 429, header: header("retry-after", "Mon, 23 Nov 2026 12:01:00 GMT", "date", "Mon, 23 Nov 2026 12:00:00 GMT"), next: another, result: account.Throttled, scope: "gpt-5.5", until: time.Minute, wait: time.Minute, foreign: true},
		"too fast, nonsense":   {status: 429, header: header("retry-after", "-3", "retry-after-ms", "x"), body: problem("", "", "try again in a while, or try again in"), next: another, result: account.Throttled, scope: "gpt-5.5"},
		"a gateway's 429":      {status: 429, header: header("content-type", "text/html"), body: "error code: 1015", next: another, result: account.Throttled, foreign: true},
		"overloaded":           {status: 503, body: "upstream connect error", next: again, result: account.Overloaded, foreign: true},
		"529":                  {status: 529, body: problem("overloaded_error", "", "x"), next: again, result: account.Overloaded},
		"server error":         {status: 500, body: problem("server_error", "", "x"), next: another, result: account.Failed},
		"too slow":             {status: 408, next: another, result: account.Failed, foreign: true},
		"an error in words":    {status: 400, body: `{"error":"bad"}`, next: deliver, result: account.Answered, foreign: true, says: "bad"},
		"stream: chat":         {service: protocol.Chat, stream: true, status: 200, body: problem("server_error", "", "The server had an error"), next: another, result: account.Failed, is: 500},
		"stream: a number":     {service: protocol.Chat, stream: true, status: 200, body: `{"error":{"code":402,"message":"Insufficient credits"}}`, next: another, result: account.Exhausted, conceal: true, is: 402},
		"stream: no model":     {service: protocol.Chat, stream: true, status: 200, body: problem("not_found_error", "", "x"), next: deliver, result: account.Answered, is: 404},
		"stream: input":        {service: protocol.Chat, stream: true, status: 200, body: problem("invalid_request_error", "", "x"), next: deliver, result: account.Answered, is: 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	h := header("X-Codex-Primary-Used-Percent", "12.5", "x-codex-primary-window-minutes", "300", "x-codex-primary-reset-at", unix(2*time.Hour),
		"x-codex-secondary-used-percent", "101", "x-codex-secondary-window-minutes", "10080", "x-codex-secondary-reset-after-seconds", "360000",
		"x-codex-bengalfox-primary-used-percent", "80", "x-codex-credits-balance", "5")
	got := fmt.Sprint(p.Windows(h, now))
	want := fmt.Sprint([]account.Window{
		{Name: "5h", Used: 0.125, ResetsAt: time.Unix(now.Add(2*time.Hour).Unix(), 0)}, {Name: "7d", Used: 1.01, ResetsAt: now.Add(100 * time.Hour)},
	})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for name, fields := range map[string][]string{
		"30d": {"window-minutes", "43200"}, "90m": {"window-minutes", "90"}, "1h": {"window-minutes", "60"}, "primary": {"window-minutes", "0"},
	} {
		h := header("x-codex-primary-used-percent", "1", "x-codex-primary-reset-after-seconds", "60", "x-codex-primary-"+fields[0], fields[1])
		if w := p.Windows(h, now); len(w) != 1 || w[0].Name != name {
			t.Errorf("%s: %v", name, w)
		}
	}
	for _, h := range []provider.Header{
		nil, header("x-ratelimit-limit-requests", "5"), header("x-codex-primary-used-percent", "1"), header("x-codex-primary-used-percent", "NaN", "x-codex-primary-reset-after-seconds", "60"),
		header("x-codex-primary-used-percent", "-1", "x-codex-primary-reset-after-seconds", "60"), header("x-codex-primary-used-percent", "1", "x-codex-primary-reset-at", unix(-time.Hour)),
		header("x-codex-primary-used-percent", "1", "x-codex-primary-reset-at", "soon", "x-codex-primary-reset-after-seconds", "-5"),
	} {
		if w := p.Windows(h, now); len(w) > 0 {
			t.Errorf("%v: %v", h, w)
		}
	}
}

func TestAnErrorBringsItsGauges(t *testing.T) {
	t.Parallel()
	h := header("x-codex-primary-used-percent", "100", "x-codex-primary-window-minutes", "300", "x-codex-primary-reset-after-seconds", "60")
	v := newProvider(t).Judge(&provider.Intent{}, codex(), &provider.Reply{At: now, Status: 500, Header: h})
	if len(v.Outcome.Windows) != 1 || v.Outcome.Windows[0].Name != "5h" {
		t.Errorf("%+v", v.Outcome)
	}
}

func FuzzJudgeNeverPanics(f *testing.F) {
	f.Add(fmt.Sprintf(usageLimit, "1704069000"), 429, false, "1")
	f.Add(failed("rate_limit_exceeded", "try again in 1.2s"), 200, true, "-1")
	f.Add("<html>", 403, false, "Mon, 23 Nov 2026 12:01:00 GMT")
	f.Fuzz(func(t *testing.T, body string, status int, stream bool, after string) {
		for _, acc := range []*account.Account{key(), codex()} {
			v := newProvider(t).Judge(&provider.Intent{}, acc, &provider.Reply{At: now, Status: status, Header: header("retry-after", after), Body: []byte(body), InStream: stream})
			if v.Message == "" || v.Outcome.Evidence == "" || v.RetryAfter < 0 || len(v.Outcome.Evidence) > 400 {
				t.Errorf("%+v", v)
			}
		}
	})
}
