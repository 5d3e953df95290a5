package bedrock_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	const count = anthropic.CountTokens
	for name, c := range map[string]struct {
		service string
		status  int
		kind    string
		body    string

		next    provider.Next
		result  account.Result
		scope   string
		conceal bool
		hint    string
	}{
		"throttled":        {status: 429, kind: "ThrottlingException:http://internal.amazon.com/", body: `{"message":"Too many requests"}`, next: provider.TryAnother, result: account.Throttled, scope: "opus"},
		"throttled, a day": {status: 429, kind: "ThrottlingException", body: `{"message":"Too many tokens per day, please wait before trying again."}`, next: provider.TryAnother, result: account.Exhausted, scope: "opus"},
		"not ready":        {status: 429, kind: "ModelNotReadyException", body: `{"message":"not ready"}`, next: provider.TryAgain, result: account.Overloaded},
		"quota":            {status: 400, kind: "ServiceQuotaExceededException", body: `{"message":"quota"}`, next: provider.TryAnother, result: account.Exhausted, scope: "opus"},
		"bad request":      {status: 400, kind: "ValidationException", body: `{"message":"messages: roles must alternate"}`, next: provider.Deliver, result: account.Answered},
		"no such model":    {status: 400, kind: "ValidationException", body: `{"message":"The provided model identifier is invalid."}`, next: provider.TryAnother, result: account.Unsupported, scope: "opus", hint: "region us-east-1"},
		"no profile":       {status: 400, kind: "ValidationException", body: `{"message":"Invocation of model ID x with on-demand throughput isn’t supported."}`, next: provider.TryAnother, result: account.Unsupported, scope: "opus", hint: "geo"},
		"old model":        {status: 404, kind: "ResourceNotFoundException", body: `{"message":"This model version has reached the end of its life."}`, next: provider.TryAnother, result: account.Unsupported, scope: "opus"},
		"no access":        {status: 403, kind: "AccessDeniedException", body: `{"message":"You don't have access to the model with the specified model ID."}`, next: provider.TryAnother, result: account.Unsupported, scope: "opus", conceal: true, hint: "switched on"},
		"no permission":    {status: 403, kind: "AccessDeniedException", body: `{"message":"User: arn:aws:iam::123456789012:user/x is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/m"}`, next: provider.TryAnother, result: account.Unsupported, scope: "opus", conceal: true},
		"key refused":      {status: 403, kind: "AccessDeniedException", body: `{"Message":"Authentication failed: Please make sure your API Key is valid."}`, next: provider.TryAnother, result: account.Denied, conceal: true},
		"token ended":      {status: 403, kind: "ExpiredTokenException", body: `{"message":"The security token included in the request is expired"}`, next: provider.TryAnother, result: account.Denied, conceal: true, hint: "session token has ended"},
		"unknown key":      {status: 403, body: `{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token included in the request is invalid."}`, next: provider.TryAnother, result: account.Denied, conceal: true, hint: "clock"},
		"bad signature":    {status: 403, kind: "InvalidSignatureException", body: `{"message":"Signature expired"}`, next: provider.TryAnother, result: account.Denied, conceal: true, hint: "clock"},
		"half a signature": {status: 400, kind: "IncompleteSignatureException", body: `{"message":"x"}`, next: provider.TryAnother, result: account.Denied, conceal: true, hint: "clock"},
		"unauthorized":     {status: 401, body: ``, next: provider.TryAnother, result: account.Denied, conceal: true},
		"model error":      {status: 424, kind: "ModelErrorException", body: `{"message":"x"}`, next: provider.TryAgain, result: account.Overloaded},
		"model timeout":    {status: 408, kind: "ModelTimeoutException", body: `{"message":"x"}`, next: provider.TryAgain, result: account.Overloaded},
		"server error":     {status: 500, kind: "InternalServerException", body: `{"message":"x"}`, next: provider.TryAgain, result: account.Overloaded},
		"unavailable":      {status: 503, body: `<html>`, next: provider.TryAgain, result: account.Overloaded},
		"too large":        {status: 413, body: `{"message":"x"}`, next: provider.Deliver, result: account.Answered},
		"no counting":      {service: count, status: 400, kind: "ValidationException", body: `{"message":"The provided model doesn't support counting tokens."}`, next: provider.TryAnother, result: account.Unsupported, scope: count},
		"no operation":     {service: count, status: 404, kind: "UnknownOperationException", body: ``, next: provider.TryAnother, result: account.Unsupported, scope: count},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := provider.Header{{Name: "X-Amzn-ErrorType", Value: c.kind}}
			want := &provider.Intent{Service: anthropic.Messages, Model: "claude-opus-4-8", Family: "opus"}
			if c.service != "" {
				want.Service = c.service
			}
			v := newProvider(t).Judge(want, newAccount(), &provider.Reply{At: now, Status: c.status, Header: header, Body: []byte(c.body)})
			o := v.Outcome
			if v.Next != c.next || o.Result != c.result || o.Scope != c.scope || v.Conceal != c.conceal || v.Status != c.status || !v.Foreign {
				t.Errorf("%+v", v)
			}
			if o.Evidence == "" || !strings.Contains(o.Evidence, c.hint) {
				t.Errorf("evidence %q", o.Evidence)
			}
			if strings.Contains(c.body, "essage") && v.Message == "" || strings.Contains(v.Message, "123456789012") {
				t.Errorf("message %q", v.Message)
			}
		})
	}
}

func TestErrorsInAStreamAreJudgedAlike(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct {
		status int
		next   provider.Next
		result account.Result
	}{
		"rate_limit_error":      {429, provider.TryAnother, account.Throttled},
		"overloaded_error":      {503, provider.TryAgain, account.Overloaded},
		"invalid_request_error": {400, provider.Deliver, account.Answered},
		"permission_error":      {403, provider.TryAnother, account.Denied},
		"api_error":             {500, provider.TryAgain, account.Overloaded},
	} {
		body := fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":"m"}}`, kind)
		v := newProvider(t).Judge(&provider.Intent{Family: "opus"}, newAccount(), &provider.Reply{At: now, Status: 200, Body: []byte(body), InStream: true})
		if v.Status != c.status || v.Next != c.next || v.Outcome.Result != c.result || v.Message != "m" || v.Foreign {
			t.Errorf("%s: %+v", kind, v)
		}
	}
}

func TestAWishForAPauseIsKept(t *testing.T) {
	t.Parallel()
	h := provider.Header{{Name: "Retry-After", Value: "7"}}
	v := newProvider(t).Judge(&provider.Intent{Family: "opus"}, newAccount(), &provider.Reply{At: now, Status: 429, Header: h})
	if v.RetryAfter != 7*time.Second || !v.Outcome.Until.Equal(now.Add(7*time.Second)) {
		t.Errorf("%+v", v)
	}
}
