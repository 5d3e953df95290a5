package droid_test

import (
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/lab/providertest"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/droid"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	providertest.Run(t, &providertest.Suite{
		Provider: newProvider(t), Now: now, Requests: requests(), BodyNames: true, Answers: answers(),
		Account: withKey("fk-1"), Service: openai.Chat, Model: "gpt-5.5", Family: "gpt-5.5",
		Recordings: providertest.Recordings(t, anthropic.Messages, anthropic.CountTokens, openai.Responses, openai.Chat),
		Renewal: &providertest.Renewal{
			Account: loggedIn(),
			Want:    "POST https://api.workos.com/user_management/authenticate\n" + form + "client_id=client_01HNM792M5G5G1A2THWPXKFMXB&grant_type=refresh_token&organization_id=org_1&refresh_token=refresh-1",
			Answer:  `{"access_token":"fresh-access","refresh_token":"fresh-refresh","expires_in":3600}`,
			Life:    time.Hour,
		},
		Files: map[string]string{droid.Platform: `{"access_token":"` + jwt(now.Add(3*time.Hour)) + `","refresh_token":"r-hidden"}`},
	})
}

func requests() map[string]providertest.Request {
	genuine := provider.Header{
		{Name: "User-Agent", Value: "factory-cli/0.32.1"}, {Name: "X-Session-Id", Value: "s-1"}, {Name: "X-Factory-Client", Value: "droid"},
		{Name: "x-api-provider", Value: "bedrock"}, {Name: "Content-Type", Value: "application/json"}, {Name: "anthropic-beta", Value: "interleaved-thinking-2025-05-14"},
		{Name: "anthropic-version", Value: "2023-06-01"}, {Name: "X-Stainless-Lang", Value: "js"}, {Name: "X-Internal-Team", Value: "secret project"},
	}
	foreign := provider.Header{{Name: "user-agent", Value: "curl/8"}, {Name: "x-api-provider", Value: "groq"}, {Name: "OpenAI-Organization", Value: "theirs"}}
	const messages = `{ "model":"claude-opus-4-8","max_tokens" :9,"metadata":{"user_id":"u"},"temperature":1,"top_p":1,"messages":[] }`
	const chat = `{"model": "M","messages":[]}`
	const own = "User-Agent: factory-cli/0.32.1\nX-Session-Id: s-1\nX-Factory-Client: droid\nContent-Type: application/json\nanthropic-beta: interleaved-thinking-2025-05-14\nanthropic-version: 2023-06-01\nX-Stainless-Lang: js\n"
	mapped := withKey("fk-1\n")
	mapped.BaseURL, mapped.Map = "http://127.0.0.1:9/llm/", map[string]string{"claude-opus-4-8": "claude-x"}
	return map[string]providertest.Request{
		"Droid's own messages": {
			Account: loggedIn(), Service: anthropic.Messages, Query: "q=1", Header: genuine, Body: messages,
			Want: "POST https://api.factory.ai/api/llm/a/v1/messages?q=1\n" + own + "x-api-provider: bedrock\nx-api-key: placeholder\naccept-encoding: identity\nauthorization: Bearer access-1\n\n" + messages,
		},
		"a count of tokens": {
			Account: loggedIn(), Service: anthropic.CountTokens, Query: "q=1", Header: provider.Header{{Name: "User-Agent", Value: "factory-cli/1.2.3"}}, Body: messages,
			Want: "POST https://api.factory.ai/api/llm/a/v1/messages/count_tokens?q=1\nUser-Agent: factory-cli/1.2.3\ncontent-type: application/json\nx-factory-client: cli\nx-api-provider: anthropic\nanthropic-version: 2023-06-01\nx-api-key: placeholder\naccept-encoding: identity\nauthorization: Bearer access-1\n\n" + messages,
		},
		"a mapped model": {
			Account: mapped, Service: anthropic.Messages, Query: "q=1", Header: genuine, Body: messages,
			Want: "POST http://127.0.0.1:9/llm/a/v1/messages?q=1\n" + own + "x-api-provider: anthropic\nx-api-key: placeholder\naccept-encoding: identity\nauthorization: Bearer fk-1\n\n" + strings.Replace(messages, "claude-opus-4-8", "claude-x", 1),
		},
		"another client, which stays what it is": {
			Account: withKey("fk-1"), Service: openai.Chat, Query: "q=1", Header: foreign, Body: strings.Replace(chat, "M", "glm-4.6", 1),
			Want: "POST https://api.factory.ai/api/llm/o/v1/chat/completions?q=1\nuser-agent: curl/8\ncontent-type: application/json\nx-api-provider: groq\naccept-encoding: identity\nauthorization: Bearer fk-1\n\n" + strings.Replace(chat, "M", "glm-4.6", 1),
		},
		"responses": {
			Account: withKey("fk-1"), Service: openai.Responses, Query: "q=1", Body: `{"model":"gpt-5.2-codex","input":"x"}`,
			Want: "POST https://api.factory.ai/api/llm/o/v1/responses?q=1\ncontent-type: application/json\nx-api-provider: azure_openai\naccept-encoding: identity\nauthorization: Bearer fk-1\n\n" + `{"model":"gpt-5.2-codex","input":"x"}`,
		},
	}
}

func answers() map[string]providertest.Answer {
	const anthropicError = `{"type":"error","error":{"type":"invalid_request_error","message":"said"}}`
	const openaiError = `{"error":{"message":"said","type":"invalid_request_error","code":null}}`
	return map[string]providertest.Answer{
		"bad request":           {Service: anthropic.Messages, Status: 400, Body: anthropicError, Next: provider.Deliver, Result: account.Answered, Says: "said"},
		"bad chat request":      {Service: openai.Chat, Status: 400, Body: openaiError, Next: provider.Deliver, Result: account.Answered, Says: "said"},
		"OpenAI's to Claude's":  {Service: anthropic.Messages, Status: 400, Body: openaiError, Next: provider.Deliver, Result: account.Answered, NeedsReencoding: true, Says: "said"},
		"Factory's own words":   {Service: openai.Chat, Status: 400, Body: `{"detail":"said"}`, Next: provider.Deliver, Result: account.Answered, NeedsReencoding: true, Says: "said"},
		"an error that is text": {Service: openai.Chat, Status: 400, Body: `{"error":"said"}`, Next: provider.Deliver, Result: account.Answered, NeedsReencoding: true, Says: "said"},
		"token refused":         {Service: openai.Chat, Account: loggedIn(), Status: 401, Body: `{"message":"said"}`, Next: provider.Renew, Result: account.Denied, Mask: true, NeedsReencoding: true, Says: "said"},
		"key refused":           {Service: openai.Chat, Status: 401, Body: `{"message":"said"}`, Next: provider.TryAnother, Result: account.Denied, Mask: true, NeedsReencoding: true, Says: "said"},
		"plan used up":          {Service: anthropic.Messages, Status: 402, Body: anthropicError, Next: provider.TryAnother, Result: account.Exhausted, Mask: true, Says: "said"},
		"forbidden":             {Service: anthropic.Messages, Status: 403, Body: anthropicError, Next: provider.TryAnother, Result: account.Denied, Mask: true, Says: "said"},
		"throttled, a time":     {Service: openai.Chat, Status: 429, Header: provider.Header{{Name: "Retry-After", Value: "7"}}, Body: openaiError, Next: provider.TryAnother, Result: account.Throttled, Until: 7 * time.Second, Wait: 7 * time.Second, Says: "said"},
		"throttled":             {Service: anthropic.Messages, Status: 429, Body: anthropicError, Next: provider.TryAnother, Result: account.Throttled, Says: "said"},
		"server error":          {Service: anthropic.Messages, Status: 500, Body: anthropicError, Next: provider.TryAnother, Result: account.Failed, Says: "said"},
		"a page":                {Service: anthropic.Messages, Status: 502, Body: `<html>`, Next: provider.TryAnother, Result: account.Failed, NeedsReencoding: true},
		"unavailable":           {Service: anthropic.Messages, Status: 503, Body: anthropicError, Next: provider.TryAgain, Result: account.Overloaded, Says: "said"},
		"overloaded":            {Service: anthropic.Messages, Status: 529, Body: anthropicError, Next: provider.TryAgain, Result: account.Overloaded, Says: "said"},
		"no such path":          {Service: anthropic.Messages, Status: 404, Body: anthropicError, Next: provider.Deliver, Result: account.Answered, Says: "said"},
		"no counting":           {Service: anthropic.CountTokens, Status: 404, Body: anthropicError, Next: provider.TryAnother, Result: account.Unsupported, Says: "said", Only: anthropic.CountTokens},
		"stream: overloaded":    {Service: anthropic.Messages, InStream: true, Status: 200, Body: `{"type":"error","error":{"type":"overloaded_error","message":"said"}}`, Next: provider.TryAgain, Result: account.Overloaded, Becomes: 503, Says: "said"},
		"stream: failed":        {Service: openai.Responses, InStream: true, Status: 200, Body: `{"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"said"}}}`, Next: provider.TryAnother, Result: account.Throttled, Becomes: 429, Says: "said", NeedsReencoding: true},
		"stream: an error":      {Service: openai.Responses, InStream: true, Status: 200, Body: `{"type":"error","code":"invalid_prompt","message":"said"}`, Next: provider.Deliver, Result: account.Answered, Becomes: 400, Says: "said", NeedsReencoding: true},
		"stream: no money":      {Service: openai.Chat, InStream: true, Status: 200, Body: `{"error":{"type":"x","code":"insufficient_quota","message":"said"}}`, Next: provider.TryAnother, Result: account.Exhausted, Becomes: 402, Mask: true, Says: "said"},
		"stream: anything":      {Service: openai.Chat, InStream: true, Status: 200, Body: `{"error":{"message":"said"}}`, Next: provider.TryAnother, Result: account.Failed, Becomes: 500, Says: "said"},
	}
}
