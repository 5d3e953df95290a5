package azure_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/azure"
)

func problem(code, message string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message)
}

func TestJudge(t *testing.T) {
	t.Parallel()
	after := func(seconds string) provider.Header {
		return provider.Header{{Name: "Retry-After", Value: seconds}, {Name: "x-ratelimit-remaining-requests", Value: "0"}}
	}
	const another, again, deliver = provider.TryAnother, provider.TryAgain, provider.Deliver
	const filtered = `{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}`
	for name, c := range map[string]struct {
		service string
		status  int
		header  provider.Header
		body    string
		stream  bool

		next    provider.Next
		result  account.Result
		scope   string
		until   time.Duration
		conceal bool
		foreign bool
		says    string
		is      int
	}{
		"content filter":       {status: 400, body: filtered, next: deliver, result: account.Answered, says: "content management policy"},
		"bad request":          {status: 400, body: problem("BadRequest", "x"), next: deliver, result: account.Answered},
		"no such deployment":   {status: 404, body: problem("DeploymentNotFound", "The API deployment for this resource does not exist."), next: another, result: account.Unsupported, scope: "gpt-5.5"},
		"no such path":         {service: openai.Responses, status: 404, body: problem("404", "Resource not found"), next: another, result: account.Unsupported, scope: openai.Responses},
		"no such path, chat":   {status: 404, body: problem("404", "Resource not found"), next: another, result: account.Failed},
		"no such path, plain":  {service: openai.Images, status: 404, body: `{"statusCode":404,"message":"Resource not found"}`, next: another, result: account.Unsupported, scope: openai.Images, foreign: true, says: "Resource not found"},
		"no such response":     {service: openai.Responses, status: 404, body: `{"error":{"message":"Previous response with id 'resp_1' not found.","type":"invalid_request_error","param":"previous_response_id","code":null}}`, next: deliver, result: account.Answered},
		"key refused":          {status: 401, body: problem("401", "Access denied due to invalid subscription key or wrong API endpoint."), next: another, result: account.Denied, conceal: true, says: "Access denied"},
		"key refused, gateway": {status: 401, body: `{ "statusCode": 401, "message": "Unauthorized. Access token is missing" }`, next: another, result: account.Denied, conceal: true, foreign: true, says: "Access token is missing"},
		"firewall":             {status: 403, body: problem("AccessDenied", "Access denied due to Virtual Network/Firewall rules."), next: another, result: account.Denied, conceal: true},
		"a page":               {status: 403, body: "<html>no", next: another, result: account.Failed, conceal: true, foreign: true},
		"too fast":             {status: 429, header: after("20"), body: problem("429", "Requests to the ChatCompletions_Create Operation have exceeded the call rate limit."), next: another, result: account.Throttled, scope: "gpt-5.5", until: 20 * time.Second},
		"too fast, in words":   {status: 429, body: problem("RateLimitReached", "Please retry after 7 seconds."), next: another, result: account.Throttled, scope: "gpt-5.5", until: 7 * time.Second},
		"too fast, no end":     {status: 429, next: another, result: account.Throttled, scope: "gpt-5.5", foreign: true},
		"a quota of days":      {status: 429, header: after("86400"), body: problem("429", "x"), next: another, result: account.Exhausted, scope: "gpt-5.5", until: 24 * time.Hour},
		"no money":             {status: 429, body: problem("insufficient_quota", "x"), next: another, result: account.Exhausted, conceal: true},
		"unavailable":          {status: 503, body: problem("ServiceUnavailable", "x"), next: again, result: account.Overloaded},
		"server error":         {status: 500, body: problem("InternalServerError", "x"), next: another, result: account.Failed},
		"too slow":             {status: 408, body: problem("Timeout", "x"), next: another, result: account.Failed},
		"stream: too fast":     {stream: true, status: 200, body: `{"type":"error","error":{"code":"rate_limit_exceeded","message":"x"}}`, next: another, result: account.Throttled, scope: "gpt-5.5", is: 429},
		"stream: filter":       {stream: true, status: 200, body: problem("content_filter", "x"), next: deliver, result: account.Answered, is: 400},
		"stream: anything":     {stream: true, status: 200, body: problem("server_error", "x"), next: another, result: account.Failed, is: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := c.service
			if service == "" {
				service = openai.Chat
			}
			want := &provider.Intent{Service: service, Model: "gpt-5.5", Family: "gpt-5.5"}
			v := azure.New().Judge(want, resource(), &provider.Reply{At: now, Status: c.status, Header: c.header, Body: []byte(c.body), InStream: c.stream})
			var until time.Time
			if c.until > 0 {
				until = now.Add(c.until)
			}
			o := v.Outcome
			if v.Next != c.next || o.Result != c.result || o.Scope != c.scope || !o.Until.Equal(until) || v.Conceal != c.conceal || v.Foreign != c.foreign {
				t.Errorf("%+v", v)
			}
			status := c.status
			if c.is != 0 {
				status = c.is
			}
			if o.Evidence == "" || v.Status != status || v.Message == "" || !strings.Contains(v.Message, c.says) || v.RetryAfter != c.until {
				t.Errorf("%+v", v)
			}
		})
	}
}

func FuzzPrepareNeverPanics(f *testing.F) {
	f.Add(`{"model":"azure/m","messages":[],"stream":true}`, "api-version=2024-10-21&x", "d", "v1")
	f.Fuzz(func(t *testing.T, body, query, param, surface string) {
		in := &provider.Inbound{Query: query, Param: param, Body: []byte(body)}
		want, err := openai.Protocol{Part: openai.AzurePaths}.Inspect(openai.Chat, in)
		if err != nil {
			return
		}
		out, err := azure.New().Prepare(in, &want, resource("surface", surface))
		var f *provider.Fault
		if errors.As(err, &f) {
			return
		}
		if err != nil || strings.Count(out.Target, "?") > 1+strings.Count(query, "?") || strings.Count(strings.ToLower(out.Target), "?api-version=") > 1 {
			t.Errorf("%q: %+v, %v", query, out, err)
		}
	})
}
