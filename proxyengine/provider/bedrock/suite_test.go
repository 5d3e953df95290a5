package bedrock_test

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/usage"
	"crs/lab/providertest"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	billed := usage.Tokens{Input: 12, Output: 34, CacheRead: 9012, CacheWrite: 560, CacheWrite1h: 78}
	const model = "claude-sonnet-4-5-20250929"
	stopped := append(chunk(t, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}`), fromHex(t, throttlingEx)...)
	const failure = `{"type":"error","error":{"type":"rate_limit_error","message":"Too many requests"}}`
	providertest.Run(t, &providertest.Suite{
		Provider: newProvider(t), Now: now, Requests: requests(), Answers: answers(),
		Account: newAccount(), Service: anthropic.Messages, Model: "claude-opus-4-8", Family: "opus",
		Recordings: map[string]providertest.Recording{
			"an answer": {Service: anthropic.Messages, Type: providertest.JSON, Body: providertest.Recorded(t, "bedrock.json"), Tokens: billed, Model: model},
			"a count":   {Service: anthropic.CountTokens, Type: providertest.JSON, Body: providertest.Recorded(t, "bedrock-count.json"), Free: true, Output: `{"input_tokens":9662}`},
			"a stream": {
				Service: anthropic.Messages, Stream: true, Type: "application/vnd.amazon.eventstream", Body: providertest.Recorded(t, "bedrock.frames"),
				Tokens: billed, Model: model, Output: string(providertest.Recorded(t, "bedrock.sse")),
			},
			"a stream with an exception": {
				Service: anthropic.Messages, Stream: true, Type: "application/vnd.amazon.eventstream", Body: stopped, Failure: failure,
				Output: "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n" +
					"event: error\ndata: " + failure + "\n\n",
			},
		},
	})
}

func requests() map[string]providertest.Request {
	client := provider.Header{
		{Name: "User-Agent", Value: "claude-cli/2.1.197 (external, sdk-cli)"}, {Name: "anthropic-version", Value: "2023-06-01"},
		{Name: "Anthropic-Beta", Value: "claude-code-20250219, context-1m-2025-08-07,interleaved-thinking-2025-05-14"},
		{Name: "anthropic-beta", Value: "oauth-2025-04-20,computer-use-2025-11-24,context-1m-2025-08-07"}, {Name: "x-app", Value: "cli"},
	}
	const agent = "user-agent: claude-cli/2.1.197 (external, sdk-cli)\n"
	const last = "accept-encoding: identity\nauthorization: Bearer ABSKexample\n\n"
	here := newAccount()
	here.BaseURL = "http://127.0.0.1:9/vpc/"
	return map[string]providertest.Request{
		"an answer": {
			Account: newAccount(), Service: anthropic.Messages, Query: "beta=true", Body: `{ "model": "claude-sonnet-4-5", "max_tokens" :64,"messages":[] }`, Header: client,
			Want: "POST https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke\n" +
				"content-type: application/json\naccept: application/json\n" + agent + last +
				`{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["context-1m-2025-08-07","interleaved-thinking-2025-05-14","computer-use-2025-11-24"], "max_tokens" :64,"messages":[] }`,
		},
		"a stream": {
			Account: newAccount("region", "eu-west-1"), Service: anthropic.Messages, Query: "beta=true", Body: `{"max_tokens":64,"model":"claude-opus-4-8[1m]","stream":true,"messages":[]}`,
			Want: "POST https://bedrock-runtime.eu-west-1.amazonaws.com/model/eu.anthropic.claude-opus-4-8/invoke-with-response-stream\n" +
				"content-type: application/json\nx-amzn-bedrock-accept: application/json\n" + last +
				`{"anthropic_version":"bedrock-2023-05-31","max_tokens":64,"messages":[]}`,
		},
		"a count": {
			Account: newAccount(), Service: anthropic.CountTokens, Query: "beta=true", Body: `{"model":"claude-haiku-4-5","messages":[]}`,
			Want: "POST https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/count-tokens\n" +
				"content-type: application/json\naccept: application/json\n" + last +
				`{"input":{"invokeModel":{"body":"` + base64.StdEncoding.EncodeToString([]byte(`{"anthropic_version":"bedrock-2023-05-31","max_tokens":1,"messages":[]}`)) + `"}}}`,
		},
		"another host": {
			Account: here, Service: anthropic.Messages, Query: "beta=true", Body: `{"model":"claude-opus-4-6","max_tokens":1,"messages":[]}`,
			Want: "POST http://127.0.0.1:9/vpc/model/us.anthropic.claude-opus-4-6-v1/invoke\ncontent-type: application/json\naccept: application/json\n" + last +
				`{"anthropic_version":"bedrock-2023-05-31","max_tokens":1,"messages":[]}`,
		},
		"a signature, by the vector of protocols.md, L.2": {
			Account: withKey("AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), Service: anthropic.Messages, Header: provider.Header{{Name: "user-agent", Value: "any"}},
			Body: `{"model":"claude-sonnet-4-5","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}`,
			Want: "POST https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke\n" +
				"content-type: application/json\naccept: application/json\nuser-agent: any\naccept-encoding: identity\n" +
				"x-amz-content-sha256: 616eb59224eb795b641b4c541ad9ee8b939a1e8798f73b54fce66bb79ddbb992\nx-amz-date: 20250101T000000Z\n" +
				"authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250101/us-east-1/bedrock/aws4_request, " +
				"SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, Signature=2ef36303188b150dab1c53413fb4923ee482ae96ca97814d0c49c8f14707feaf\n\n" +
				`{"anthropic_version":"bedrock-2023-05-31","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}`,
		},
	}
}

func kind(name string) provider.Header {
	return provider.Header{{Name: "X-Amzn-ErrorType", Value: name}}
}

func answers() map[string]providertest.Answer {
	const count = anthropic.CountTokens
	return map[string]providertest.Answer{
		"throttled, a time":  {Status: 429, Header: append(kind("ThrottlingException"), provider.Field{Name: "Retry-After", Value: "7"}), Body: `{"message":"Too many requests"}`, Next: provider.TryAnother, Result: account.Throttled, OfModel: true, Until: 7 * time.Second, Wait: 7 * time.Second, NeedsReencoding: true},
		"payment":            {Status: 402, Body: `{"message":"pay"}`, Next: provider.TryAnother, Result: account.Exhausted, Mask: true, NeedsReencoding: true, Says: "pay"},
		"stream: throttled":  {InStream: true, Status: 200, Body: inStream("rate_limit_error"), Next: provider.TryAnother, Result: account.Throttled, OfModel: true, Becomes: 429, Says: "m"},
		"stream: overloaded": {InStream: true, Status: 200, Body: inStream("overloaded_error"), Next: provider.TryAgain, Result: account.Overloaded, Becomes: 503, Says: "m"},
		"stream: invalid":    {InStream: true, Status: 200, Body: inStream("invalid_request_error"), Next: provider.Deliver, Result: account.Answered, Becomes: 400, Says: "m"},
		"stream: forbidden":  {InStream: true, Status: 200, Body: inStream("permission_error"), Next: provider.TryAnother, Result: account.Denied, Mask: true, Becomes: 403, Says: "m"},
		"stream: anything":   {InStream: true, Status: 200, Body: inStream("api_error"), Next: provider.TryAgain, Result: account.Overloaded, Becomes: 500, Says: "m"},
		"throttled":          {Status: 429, Header: kind("ThrottlingException:http://internal.amazon.com/"), Body: `{"message":"Too many requests"}`, Next: provider.TryAnother, Result: account.Throttled, OfModel: true, NeedsReencoding: true},
		"throttled, a day":   {Status: 429, Header: kind("ThrottlingException"), Body: `{"message":"Too many tokens per day, please wait before trying again."}`, Next: provider.TryAnother, Result: account.Exhausted, OfModel: true, NeedsReencoding: true},
		"not ready":          {Status: 429, Header: kind("ModelNotReadyException"), Body: `{"message":"not ready"}`, Next: provider.TryAgain, Result: account.Overloaded, NeedsReencoding: true},
		"quota":              {Status: 400, Header: kind("ServiceQuotaExceededException"), Body: `{"message":"quota"}`, Next: provider.TryAnother, Result: account.Exhausted, OfModel: true, NeedsReencoding: true},
		"bad request":        {Status: 400, Header: kind("ValidationException"), Body: `{"message":"messages: roles must alternate"}`, Next: provider.Deliver, Result: account.Answered, NeedsReencoding: true},
		"no such model":      {Status: 400, Header: kind("ValidationException"), Body: `{"message":"The provided model identifier is invalid."}`, Next: provider.TryAnother, Result: account.Unsupported, Hint: "region us-east-1", NeedsReencoding: true},
		"no profile":         {Status: 400, Header: kind("ValidationException"), Body: `{"message":"Invocation of model ID x with on-demand throughput isn’t supported."}`, Next: provider.TryAnother, Result: account.Unsupported, Hint: "geo", NeedsReencoding: true},
		"old model":          {Status: 404, Header: kind("ResourceNotFoundException"), Body: `{"message":"This model version has reached the end of its life."}`, Next: provider.TryAnother, Result: account.Unsupported, NeedsReencoding: true},
		"no access":          {Status: 403, Header: kind("AccessDeniedException"), Body: `{"message":"You don't have access to the model with the specified model ID."}`, Next: provider.TryAnother, Result: account.Unsupported, Mask: true, Hint: "switched on", NeedsReencoding: true},
		"no permission":      {Status: 403, Header: kind("AccessDeniedException"), Body: `{"message":"User: arn:aws:iam::123456789012:user/x is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/m"}`, Next: provider.TryAnother, Result: account.Unsupported, Mask: true, NeedsReencoding: true, Says: "is not authorized to perform"},
		"key refused":        {Status: 403, Header: kind("AccessDeniedException"), Body: `{"Message":"Authentication failed: Please make sure your API Key is valid."}`, Next: provider.TryAnother, Result: account.Denied, Mask: true, NeedsReencoding: true},
		"token ended":        {Status: 403, Header: kind("ExpiredTokenException"), Body: `{"message":"The security token included in the request is expired"}`, Next: provider.TryAnother, Result: account.Denied, Mask: true, Hint: "session token has ended", NeedsReencoding: true},
		"unknown key":        {Status: 403, Body: `{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token included in the request is invalid."}`, Next: provider.TryAnother, Result: account.Denied, Mask: true, Hint: "clock", NeedsReencoding: true},
		"bad signature":      {Status: 403, Header: kind("InvalidSignatureException"), Body: `{"message":"Signature expired"}`, Next: provider.TryAnother, Result: account.Denied, Mask: true, Hint: "clock", NeedsReencoding: true},
		"half a signature":   {Status: 400, Header: kind("IncompleteSignatureException"), Body: `{"message":"x"}`, Next: provider.TryAnother, Result: account.Denied, Mask: true, Hint: "clock", NeedsReencoding: true},
		"unauthorized":       {Status: 401, Body: ``, Next: provider.TryAnother, Result: account.Denied, Mask: true, NeedsReencoding: true},
		"model error":        {Status: 424, Header: kind("ModelErrorException"), Body: `{"message":"x"}`, Next: provider.TryAgain, Result: account.Overloaded, NeedsReencoding: true},
		"model timeout":      {Status: 408, Header: kind("ModelTimeoutException"), Body: `{"message":"x"}`, Next: provider.TryAgain, Result: account.Overloaded, NeedsReencoding: true},
		"server error":       {Status: 500, Header: kind("InternalServerException"), Body: `{"message":"x"}`, Next: provider.TryAgain, Result: account.Overloaded, NeedsReencoding: true},
		"unavailable":        {Status: 503, Body: `<html>`, Next: provider.TryAgain, Result: account.Overloaded, NeedsReencoding: true},
		"too large":          {Status: 413, Body: `{"message":"x"}`, Next: provider.Deliver, Result: account.Answered, NeedsReencoding: true},
		"no counting":        {Service: count, Status: 400, Header: kind("ValidationException"), Body: `{"message":"The provided model doesn't support counting tokens."}`, Next: provider.TryAnother, Result: account.Unsupported, Only: count, NeedsReencoding: true},
		"no operation":       {Service: count, Status: 404, Header: kind("UnknownOperationException"), Body: ``, Next: provider.TryAnother, Result: account.Unsupported, Only: count, NeedsReencoding: true},
	}
}

// inStream is an exception as the stream's reader has told it.
func inStream(kind string) string {
	return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":"m"}}`, kind)
}
