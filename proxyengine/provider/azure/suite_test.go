package azure_test

import (
	"fmt"
	"testing"
	"time"

	"crs/internal/account"
	"crs/lab/providertest"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/azure"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	all := providertest.Recordings(t, openai.Responses, openai.Chat, openai.Completions, openai.Embeddings, openai.Images)
	filtered := all["chat.sse"]
	filtered.Body = providertest.Recorded(t, "azure-chat.sse")
	all["a chat with what the filters found"] = filtered
	providertest.Run(t, &providertest.Suite{
		Provider: azure.New(), Now: now, Requests: requests(), Answers: answers(), Recordings: all,
		Account: resource(), Service: openai.Chat, Model: "gpt-5.5", Family: "gpt-5.5",
	})
}

func requests() map[string]providertest.Request {
	client := provider.Header{
		{Name: "Content-Type", Value: "application/json"}, {Name: "User-Agent", Value: "AzureOpenAI/Python 2.1"}, {Name: "X-Stainless-Lang", Value: "python"},
		{Name: "OpenAI-Organization", Value: "org-theirs"}, {Name: "x-ms-secret", Value: "y"},
	}
	const sent = "Content-Type: application/json\nUser-Agent: AzureOpenAI/Python 2.1\nX-Stainless-Lang: python\naccept-encoding: identity\n"
	const keyed = sent + "api-key: k-1\n\n"
	const chat = `{ "model": "gpt-5.5", "messages":[]}`
	const asked = `{"model":"gpt-5.5","input":"x","stream":true}`
	const base = "POST https://res.openai.azure.com/openai/"
	all := map[string]providertest.Request{
		"a chat": {
			Account: resource(), Service: openai.Chat, Header: client, Body: chat,
			Want: base + "deployments/gpt-5.5/chat/completions?api-version=2024-10-21\n" + keyed + chat,
		},
		"Responses with a deployment and a token": {
			Account: resource("deployment", "d-1", "auth", "bearer"), Service: openai.Responses, Header: client, Body: asked,
			Want: base + "v1/responses\n" + sent + "authorization: Bearer k-1\n\n" + `{"model":"d-1","input":"x","stream":true}`,
		},
		"Responses as they are": {Account: resource(), Service: openai.Responses, Header: client, Body: asked, Want: base + "v1/responses\n" + keyed + asked},
	}
	for service, path := range map[string]string{openai.Completions: "completions", openai.Embeddings: "embeddings", openai.Images: "images/edits"} {
		all["a deployment's "+path] = providertest.Request{
			Account: resource(), Service: service, Protocol: openai.Protocol{Part: openai.AzurePaths}, Path: "/v1/images/edits", Header: client, Body: `{"model":"gpt-5.5", "input":"x"}`,
			Want: base + "deployments/gpt-5.5/" + path + "?api-version=2024-10-21\n" + keyed + `{"model":"gpt-5.5", "input":"x"}`,
		}
	}
	return all
}

func answers() map[string]providertest.Answer {
	after := func(seconds string) provider.Header {
		return provider.Header{{Name: "Retry-After", Value: seconds}, {Name: "x-ratelimit-remaining-requests", Value: "0"}}
	}
	const another, again, deliver = provider.TryAnother, provider.TryAgain, provider.Deliver
	const filtered = `{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}`
	return map[string]providertest.Answer{
		"content filter":       {Status: 400, Body: filtered, Next: deliver, Result: account.Answered, Says: "content management policy"},
		"bad request":          {Status: 400, Body: problem("BadRequest", "x"), Next: deliver, Result: account.Answered},
		"no such deployment":   {Status: 404, Body: problem("DeploymentNotFound", "The API deployment for this resource does not exist."), Next: another, Result: account.Unsupported},
		"no such path":         {Service: openai.Responses, Status: 404, Body: problem("404", "Resource not found"), Next: another, Result: account.Unsupported, Only: openai.Responses},
		"no such path, chat":   {Status: 404, Body: problem("404", "Resource not found"), Next: another, Result: account.Failed},
		"no such path, plain":  {Service: openai.Images, Status: 404, Body: `{"statusCode":404,"message":"Resource not found"}`, Next: another, Result: account.Unsupported, Only: openai.Images, NeedsReencoding: true, Says: "Resource not found"},
		"no such response":     {Service: openai.Responses, Status: 404, Body: `{"error":{"message":"Previous response with id 'resp_1' not found.","type":"invalid_request_error","param":"previous_response_id","code":null}}`, Next: deliver, Result: account.Answered},
		"key refused":          {Status: 401, Body: problem("401", "Access denied due to invalid subscription key or wrong API endpoint."), Next: another, Result: account.Denied, Mask: true, Says: "Access denied"},
		"key refused, gateway": {Status: 401, Body: `{ "statusCode": 401, "message": "Unauthorized. Access token is missing" }`, Next: another, Result: account.Denied, Mask: true, NeedsReencoding: true, Says: "Access token is missing"},
		"firewall":             {Status: 403, Body: problem("AccessDenied", "Access denied due to Virtual Network/Firewall rules."), Next: another, Result: account.Denied, Mask: true},
		"a page":               {Status: 403, Body: "<html>no", Next: another, Result: account.Failed, Mask: true, NeedsReencoding: true},
		"too fast":             {Status: 429, Header: after("20"), Body: problem("429", "Requests to the ChatCompletions_Create Operation have exceeded the call rate limit."), Next: another, Result: account.Throttled, Scope: "gpt-5.5", Until: 20 * time.Second, Wait: 20 * time.Second},
		"too fast, in words":   {Status: 429, Body: problem("RateLimitReached", "Please retry after 7 seconds."), Next: another, Result: account.Throttled, Scope: "gpt-5.5", Until: 7 * time.Second, Wait: 7 * time.Second},
		"too fast, no end":     {Status: 429, Next: another, Result: account.Throttled, Scope: "gpt-5.5", NeedsReencoding: true},
		"a quota of days":      {Status: 429, Header: after("86400"), Body: problem("429", "x"), Next: another, Result: account.Exhausted, Scope: "gpt-5.5", Until: 24 * time.Hour, Wait: 24 * time.Hour},
		"no money":             {Status: 429, Body: problem("insufficient_quota", "x"), Next: another, Result: account.Exhausted, Mask: true},
		"unavailable":          {Status: 503, Body: problem("ServiceUnavailable", "x"), Next: again, Result: account.Overloaded},
		"server error":         {Status: 500, Body: problem("InternalServerError", "x"), Next: another, Result: account.Failed},
		"too slow":             {Status: 408, Body: problem("Timeout", "x"), Next: another, Result: account.Failed},
		"stream: too fast":     {InStream: true, Status: 200, Body: `{"type":"error","error":{"code":"rate_limit_exceeded","message":"x"}}`, Next: another, Result: account.Throttled, Scope: "gpt-5.5", Becomes: 429},
		"stream: filter":       {InStream: true, Status: 200, Body: problem("content_filter", "x"), Next: deliver, Result: account.Answered, Becomes: 400},
		"stream: anything":     {InStream: true, Status: 200, Body: problem("server_error", "x"), Next: another, Result: account.Failed, Becomes: 500},
	}
}

func problem(code, message string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message)
}
