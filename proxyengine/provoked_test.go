package proxyengine_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crs/ctl"
	"crs/lab/crstest"
)

// provoked is an answer that a client can bring about at will, by what it asks for.
type provoked struct {
	name, platform string
	path, body     string // what is asked; "" is the platform's ordinary path, with the model "claude-opus-99" or the like
	header         []string

	status   int // the upstream's answer; 0 cuts the connection once the request is there
	kind     string
	answer   string
	retry    string
	field    [2]string // one more of its head
	want     []int     // what the client may get
	ordinary string    // what another key asks then, where it is not the platform's usual request
}

// usual is an ordinary request on each platform, with the model in the place of %s.
var usual = map[string][3]string{ // path, body, model
	"claude-console":   {"/api/v1/messages", `{"model":"%s","max_tokens":64,"messages":[{"role":"user","content":"hi"}]}`, "claude-sonnet-4-5"},
	"bedrock":          {"/api/v1/messages", `{"model":"%s","max_tokens":64,"messages":[{"role":"user","content":"hi"}]}`, "claude-sonnet-4-5"},
	"openai-responses": {"/openai/v1/responses", `{"model":"%s","input":"hi"}`, "gpt-5.5"},
	"azure-openai":     {"/azure/openai/v1/responses", `{"model":"%s","input":"hi"}`, "gpt-5.5"},
	"openai": {"/openai/v1/responses", `{"model":"%s","stream":true,"store":false,"instructions":"x","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]}`,
		"gpt-5.5"},
	"droid":      {"/droid/claude/v1/messages", `{"model":"%s","max_tokens":64,"messages":[{"role":"user","content":"hi"}]}`, "claude-sonnet-4-5"},
	"gemini":     {"/gemini/v1internal:generateContent", `{"model":"%s","request":{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}}`, "gemini-2.5-pro"},
	"gemini-api": {"/gemini/v1beta/models/%s:generateContent", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`, "gemini-2.5-pro"},
}

// narrow are services beside the main ones.
var narrow = map[string][][2]string{ // path, body
	"claude-console": {{"/api/v1/messages/count_tokens", `{"model":"%s","messages":[{"role":"user","content":"hi"}]}`}},
	"bedrock":        {{"/api/v1/messages/count_tokens", `{"model":"%s","messages":[{"role":"user","content":"hi"}]}`}},
	"openai-responses": {
		{"/openai/v1/embeddings", `{"model":"%s","input":"hi"}`},
		{"/openai/v1/images/generations", `{"model":"gpt-image-1","prompt":"x"}`},
	},
	"azure-openai": {{"/azure/openai/v1/embeddings", `{"model":"%s","input":"hi"}`}},
	"droid":        {{"/droid/claude/v1/messages/count_tokens", `{"model":"%s","messages":[{"role":"user","content":"hi"}]}`}},
	"gemini":       {{"/gemini/v1internal:countTokens", `{"request":{"model":"models/%s","contents":[{"role":"user","parts":[{"text":"hi"}]}]}}`}},
	"gemini-api": {
		{"/gemini/v1beta/models/%s:countTokens", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`},
		{"/gemini/v1beta/models/%s:embedContent", `{"content":{"parts":[{"text":"hi"}]}}`},
	},
}

// refusals are what every platform may say to what one request asks for, of the very model that others use.
func refusals() []provoked {
	var all []provoked
	for platform, u := range usual {
		add := func(name, path, body string, status int, message, retry string) {
			named := func(text string) string { return strings.ReplaceAll(text, "%s", u[2]) }
			all = append(all, provoked{
				name: fmt.Sprint(name, ", ", status), platform: platform, path: named(path), body: named(body), status: status, retry: retry,
				answer: fmt.Sprintf(`{"type":"error","message":%q,"error":{"type":"permission_error","status":"PERMISSION_DENIED","message":%q}}`, named(message), named(message)),
				want:   []int{401, 402, 403, 404, 429, 500, 502, 503, 529},
			})
		}
		for status, message := range map[int]string{
			401: "Not authorized for this", 402: "This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens, but can only afford 100.",
			403: "Your organization does not have access to fast mode.",
		} {
			add("a feature", u[0], strings.Replace(u[1], "{", `{"service_tier":"priority",`, 1), status, message, "")
		}
		for _, s := range narrow[platform] {
			for _, status := range []int{401, 402, 403, 429, 500} {
				add(s[0], s[0], s[1], status, "You are not allowed to do this", "86400")
			}
			add(s[0]+", naming the model", s[0], s[1], 403, "no access to %s here", "")
		}
	}
	return append(all, provoked{
		name: "credit for a feature, 400", platform: "claude-console", status: 400, want: []int{502, 503},
		answer: `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to use web search"}}`,
	}, provoked{
		name: "a feature, naming the model", platform: "claude-console", status: 403, want: []int{404},
		body:   strings.ReplaceAll(usual["claude-console"][1], "%s", usual["claude-console"][2]),
		answer: `{"type":"error","error":{"type":"permission_error","message":"claude-sonnet-4-5 is not available with this beta"}}`,
	}, provoked{
		name: "a limit of another class of models", platform: "claude-console", status: 429, retry: "86400", want: []int{429, 503},
		body:   strings.ReplaceAll(usual["claude-console"][1], "%s", "claude-haiku-4-5"),
		answer: `{"type":"error","error":{"type":"rate_limit_error","message":"Rate limited"}}`,
	})
}

// disowned are what upstreams say of a credential that is no good and of an account that is shut or has no credit, on each platform.
var disowned = map[string][]string{
	"claude-console":   {"This organization has been disabled.", "OAuth authentication is currently not allowed", "Your credit balance is too low to access the Anthropic API", "invalid x-api-key", "OAuth token has been revoked"},
	"bedrock":          {"The security token included in the request is invalid", "please make sure your API Key is valid"},
	"openai-responses": {"Incorrect API key provided", "You exceeded your current quota", "Your authentication token has been invalidated"},
	"azure-openai":     {"Access denied due to invalid subscription key"},
	"openai":           {"Incorrect API key provided", "authentication token is expired"},
	"droid":            {"invalid or missing authentication", "invalid x-api-key"},
	"gemini":           {"Request had insufficient authentication scopes", "API key not valid. Please pass", "This key was reported as leaked"},
	"gemini-api":       {"API key not valid. Please pass a valid API key", "API key expired. Please renew", "insufficient authentication scopes", "reported as leaked"},
}

// abroad are members of a request that refer to something, or hold it encoded, in each protocol.
func abroad(platform, words string) map[string]string {
	packed := base64.StdEncoding.EncodeToString([]byte(words))
	switch platform {
	case "gemini", "gemini-api":
		return map[string]string{
			"a file by its address": `"contents":[{"role":"user","parts":[{"fileData":{"fileUri":"https://evil.example/x"}}]}]`,
			"a file":                `"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"text/plain","data":"` + packed + `"}}]}]`,
			"pages":                 `"tools":[{"urlContext":{}}],"contents":[{"role":"user","parts":[{"text":"hi"}]}]`,
			"what was said earlier": `"cachedContent":"cachedContents/x","contents":[{"role":"user","parts":[{"text":"hi"}]}]`,
		}
	case "openai", "openai-responses", "azure-openai":
		return map[string]string{
			"a tool's server":       `"input":"hi","tools":[{"type":"mcp","server_label":"x","server_url":"https://evil.example/"}]`,
			"a picture":             `"input":[{"role":"user","content":[{"type":"input_image","image_url":"https://evil.example/x"}]}]`,
			"a file":                `"input":[{"role":"user","content":[{"type":"input_file","file_data":"data:text/plain;base64,` + packed + `"}]}]`,
			"what was said earlier": `"input":"hi","previous_response_id":"resp_x"`,
			"a part of that":        `"input":[{"id":"msg_x"}]`,
			"a schema elsewhere":    `"input":"hi","tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{"a":{"$ref":"https://evil.example/x"}}}}]`,
		}
	}
	all := map[string]string{
		"a document by its address": `"messages":[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://evil.example/x.pdf"}}]}]`,
		"a document":                `"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"text/plain","data":"` + packed + `"}}]}]`,
		"a tool's server":           `"messages":[{"role":"user","content":"hi"}],"mcp_servers":[{"type":"url","url":"https://evil.example/","name":"x"}]`,
		"pages":                     `"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"web_fetch_20250910","name":"web_fetch"}]`,
	}
	if platform == "bedrock" { // which fetches none
		delete(all, "pages")
	}
	return all
}

// pieces are members of a request of text that say words in a way in which an upstream may still quote them as they are.
func pieces(platform, words string) map[string]string {
	half := len(words) / 2
	several := words[:half] + `"},{"type":"text","text":"` + words[half:]
	kelvin := strings.NewReplacer("k", "\u212a", "e", "\uff45").Replace(words)
	switch platform {
	case "gemini", "gemini-api":
		return map[string]string{
			"in several parts":     `"contents":[{"role":"user","parts":[{"text":"` + strings.ReplaceAll(several, `"type":"text",`, "") + `"}]}]`,
			"in letters like them": `"contents":[{"role":"user","parts":[{"text":"` + kelvin + `"}]}]`,
		}
	case "openai", "openai-responses", "azure-openai":
		return map[string]string{
			"in several parts":     `"input":[{"role":"user","content":[{"type":"input_text","text":"` + strings.ReplaceAll(several, `"text",`, `"input_text",`) + `"}]}]`,
			"in letters like them": `"input":"` + kelvin + `"`,
		}
	}
	return map[string]string{
		"in several parts":     `"messages":[{"role":"user","content":[{"type":"text","text":"` + several + `"}]}]`,
		"in letters like them": `"messages":[{"role":"user","content":"` + kelvin + `"}]`,
		"in stop sequences":    `"messages":[{"role":"user","content":"hi"}],"stop_sequences":["` + words[:half] + `","` + words[half:] + `"]`,
	}
}

// quotations are errors whose words are those of what a request refers to, or of its own.
func quotations(platform string) (all []provoked) {
	for _, words := range disowned[platform] {
		for _, status := range []int{400, 402, 403} {
			for how, members := range pieces(platform, words) {
				all = append(all, quotation(platform, how, members, words, status))
			}
		}
		for _, status := range []int{400, 401, 402, 403} {
			for how, members := range abroad(platform, words) {
				all = append(all, quotation(platform, how, members, words, status))
			}
		}
	}
	return all
}

func quotation(platform, how, members, words string, status int) provoked {
	u := usual[platform]
	body := `{` + members + `}`
	switch platform {
	case "gemini":
		body = `{"model":"` + u[2] + `","request":` + body + `}`
	case "openai":
		body = `{"model":"` + u[2] + `","stream":true,"store":false,"instructions":"x",` + members + `}`
	case "gemini-api":
	default:
		body = `{"model":"` + u[2] + `","max_tokens":64,` + members + `}`
	}
	said := fmt.Sprintf("messages.0: it could not be used, near `%s`", words)
	return provoked{
		name: fmt.Sprint(words, ", ", how, ", ", status), platform: platform, path: strings.ReplaceAll(u[0], "%s", u[2]), body: body, status: status,
		answer: fmt.Sprintf(`{"type":"error","message":%q,"error":{"type":"invalid_request_error","code":%d,"status":"INVALID_ARGUMENT","message":%q}}`, said, status, said),
		want:   []int{400, 401, 402, 403, 404, 502, 503},
	}
}

func provocations() []provoked {
	anthropic := func(kind, message string) string {
		return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%q}}`, kind, message)
	}
	openai := func(code, message string) string {
		return fmt.Sprintf(`{"error":{"type":"invalid_request_error","code":%q,"message":%q}}`, code, message)
	}
	google := func(code int, word, message string) string {
		return fmt.Sprintf(`{"error":{"code":%d,"status":%q,"message":%q}}`, code, word, message)
	}
	count := `{"model":"claude-sonnet-99","messages":[{"role":"user","content":"hi"}]}`
	saying := func(text string) string {
		return `{"model":"` + text + `","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}`
	}
	large := `{"model":"claude-sonnet-4-5","max_tokens":64000,"messages":[{"role":"user","content":"hi"}]}`
	return []provoked{
		{name: "no such model", platform: "claude-console", status: 404, answer: anthropic("not_found_error", "model: claude-sonnet-99"), want: []int{404}},
		{name: "a gateway without the model", platform: "claude-console", status: 403, answer: anthropic("permission_error", "This token has no access to model claude-sonnet-99"), want: []int{404}},
		{name: "a gateway's key without it", platform: "claude-console", status: 401, answer: `{"error":{"message":"key not allowed to access model. Tried to access claude-sonnet-99","code":"401"}}`, want: []int{404}},
		{name: "no counting", platform: "claude-console", path: "/api/v1/messages/count_tokens", body: count, status: 404, answer: "not found", want: []int{404},
			ordinary: "/api/v1/messages/count_tokens"},
		{name: "words of a bad account in a beta", platform: "claude-console", header: []string{"anthropic-beta", "credit balance is too low"}, status: 400,
			answer: anthropic("invalid_request_error", "Unexpected value(s) `credit balance is too low` for the `anthropic-beta` header"), want: []int{400}},
		{name: "words of a shut account in a model", platform: "claude-console", body: saying("organization has been disabled"), status: 404,
			answer: anthropic("not_found_error", "model: organization has been disabled"), want: []int{404}},
		{name: "the same, escaped", platform: "claude-console", body: saying(`organization h\u0061s been disabled`), status: 404,
			answer: anthropic("not_found_error", "model: organization has been disabled"), want: []int{404}},
		{name: "too large for the minute", platform: "claude-console", body: large, status: 429, retry: "3600",
			answer: anthropic("rate_limit_error", "This request would exceed the rate limit for your organization of 30,000 input tokens per minute"), want: []int{429, 503}},
		{name: "too large", platform: "claude-console", status: 413, answer: anthropic("request_too_large", "Request exceeds the maximum size"), want: []int{413}},
		{name: "a request that breaks the upstream", platform: "claude-console", status: 500, answer: anthropic("api_error", "Internal server error"), want: []int{500, 503}},
		{name: "a request that cuts the upstream", platform: "claude-console", status: 0, want: []int{502, 503}},
		{name: "an error within the stream", platform: "claude-console", status: 200, kind: "text/event-stream",
			answer: "event: error\ndata: " + anthropic("api_error", "Internal server error") + "\n\n", want: []int{500, 503}},

		{name: "somebody else's file", platform: "claude-console", status: 403,
			body:   `{"model":"claude-sonnet-4-5","max_tokens":5,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"file_abc"}}]}]}`,
			answer: anthropic("permission_error", "Your API key does not have permission to use the specified resource."), want: []int{502, 503}},

		{name: "no such model", platform: "bedrock", status: 400, kind: "ValidationException", answer: `{"message":"The provided model identifier is invalid."}`, want: []int{400, 404}},
		{name: "no access", platform: "bedrock", status: 403, kind: "AccessDeniedException", answer: `{"message":"You don't have access to the model with the specified model ID."}`, want: []int{404}},
		{name: "the end of its life", platform: "bedrock", status: 404, kind: "ResourceNotFoundException", answer: `{"message":"This model version has reached the end of its life."}`, want: []int{404}},
		{name: "no counting", platform: "bedrock", path: "/api/v1/messages/count_tokens", body: count, status: 400, kind: "ValidationException",
			answer: `{"message":"The provided model doesn't support counting tokens."}`, want: []int{400, 404}, ordinary: "/api/v1/messages/count_tokens"},
		{name: "a model without quota", platform: "bedrock", status: 429, kind: "ThrottlingException", answer: `{"message":"Too many tokens per day, please wait before trying again."}`, want: []int{429, 503}},
		{name: "a model that is not ready", platform: "bedrock", status: 500, kind: "InternalServerException", answer: `{"message":"x"}`, want: []int{500, 503, 529, 502}},

		{name: "no such model", platform: "openai-responses", status: 404, answer: openai("model_not_found", "The model `gpt-99` does not exist"), want: []int{404}},
		{name: "no such path", platform: "openai-responses", status: 404, answer: `{"detail":"Not Found"}`, want: []int{404}},
		{name: "a key for other things", platform: "openai-responses", path: "/openai/v1/images/generations", body: `{"model":"gpt-image-1","prompt":"x"}`, status: 401,
			answer: openai("", "You have insufficient permissions for this operation. Missing scopes: api.model.images.request."), want: []int{404}},
		{name: "no access to the model", platform: "openai-responses", status: 403, answer: openai("", "Your organization must be verified to use the model `gpt-99`."), want: []int{404}},
		{name: "too large for the minute", platform: "openai-responses", body: `{"model":"gpt-99","input":"hi","max_output_tokens":100000}`, status: 429, retry: "3600",
			answer: openai("rate_limit_exceeded", "Request too large for gpt-99 on tokens per min (TPM): Limit 30000, Requested 100000."), want: []int{429, 503}},
		{name: "breaks", platform: "openai-responses", status: 500, answer: openai("server_error", "x"), want: []int{500, 503}},
		{name: "a policy", platform: "openai-responses", status: 400, answer: openai("content_policy_violation", "x"), want: []int{400}},

		{name: "no such deployment", platform: "azure-openai", status: 404, answer: openai("DeploymentNotFound", "The API deployment for this resource does not exist."), want: []int{404}},
		{name: "no such path", platform: "azure-openai", status: 404, answer: openai("404", "Resource not found"), want: []int{404}},
		{name: "a deployment without quota", platform: "azure-openai", status: 429, retry: "86400", answer: openai("429", "x"), want: []int{429, 503}},

		{name: "a model of no plan", platform: "openai", status: 400, answer: `{"detail":"The 'gpt-99' model is not supported when using Codex with a ChatGPT account."}`, want: []int{400}},
		{name: "no such model", platform: "openai", status: 404, answer: openai("model_not_found", "The model `gpt-99` does not exist"), want: []int{404}},
		{name: "breaks", platform: "openai", status: 500, answer: openai("server_error", "x"), want: []int{500, 503}},
		{name: "no access to the model", platform: "droid", status: 403, answer: `{"error":{"message":"Model claude-sonnet-99 is not allowed for your organization"}}`, want: []int{404}},
		{name: "no counting", platform: "droid", path: "/droid/claude/v1/messages/count_tokens", body: count, status: 404, answer: "not found", want: []int{404}},
		{name: "breaks", platform: "droid", status: 500, answer: anthropic("api_error", "x"), want: []int{500, 503}},
		{name: "no such model", platform: "gemini", status: 404, answer: google(404, "NOT_FOUND", "Requested entity was not found."), want: []int{404}},
		{name: "breaks", platform: "gemini", status: 500, answer: google(500, "INTERNAL", "x"), want: []int{500, 503}},

		{name: "no such model", platform: "gemini-api", status: 404, answer: google(404, "NOT_FOUND", "models/gemini-99 is not found for API version v1beta"), want: []int{404}},
		{name: "not in the plan", platform: "gemini-api", status: 429, answer: google(429, "RESOURCE_EXHAUSTED", "Quota exceeded for metric: m, limit: 0\nPlease retry in 34s."), want: []int{429, 404}},
		{name: "words of a bad key in the request", platform: "gemini-api", body: `{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"tools":[{"API key not valid":1}]}`, status: 400,
			answer: google(400, "INVALID_ARGUMENT", `Invalid JSON payload received. Unknown name "API key not valid" at 'tools[0]'`), want: []int{400}},
		{name: "somebody else's file", platform: "gemini-api", status: 403,
			answer: google(403, "PERMISSION_DENIED", "You do not have permission to access the File abc or it may not exist."), want: []int{403}},
		{name: "somebody else's cache", platform: "gemini-api", status: 403,
			answer: google(403, "PERMISSION_DENIED", "CachedContent not found (or permission denied)"), want: []int{403}},
		{name: "no such path", platform: "gemini-api", path: "/gemini/v1beta/models/gemini-99:countTokens", status: 404, answer: "404 page not found", want: []int{404},
			ordinary: "/gemini/v1beta/models/gemini-2.5-pro:countTokens"},
	}
}

// times is how often a client does it: once is enough where the relay waits as long as the upstream wishes, each time.
func (p *provoked) times() int {
	if p.platform == "bedrock" && p.status == 500 && p.retry != "" {
		return 1
	}
	return 8
}

// TestWhatAClientProvokesIsNobodyElsesTrouble: whatever its request brings about at the only account there is, another key's
// request for another model is served by it at once, and the client is told of its own mistake as long as it makes it.
func TestWhatAClientProvokesIsNobodyElsesTrouble(t *testing.T) {
	t.Parallel()
	for _, p := range append(provocations(), refusals()...) {
		t.Run(p.platform+"/"+p.name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			up := p.upstream(t, b)
			p.account(b, up)
			bad, good := b.Key("bad"), b.Key("good")
			path, body := p.asked()
			for i := range p.times() {
				got := knock(b, t, bad, path, body, append([]string{"user-agent", "provoke"}, p.header...)...)
				if !slices.Contains(p.want, got.Status) {
					t.Errorf("its own answer, the %d. time: %d %.300s", i+1, got.Status, got.Body)
				}
			}
			path, body = p.ordinarily()
			if got := knock(b, t, good, path, body, "x-factory-client", "cli", "x-session-id", "s", "x-api-provider", "anthropic"); got.Status != http.StatusOK {
				t.Errorf("another key's request: %d %.300s", got.Status, got.Body)
			}
			if a, err := b.Client.Account(t.Context(), "only"); err != nil || a.State != "ready" {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
}

// TestWordsThatAnUpstreamQuotesAreNotTheAccounts, whatever they stand in and however: each time another key is served at once.
func TestWordsThatAnUpstreamQuotesAreNotTheAccounts(t *testing.T) {
	t.Parallel()
	for platform := range usual {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			p := provoked{platform: platform}
			p.account(b, p.upstream(t, b))
			good := b.Key("good")
			for i, q := range quotations(platform) {
				p.status, p.answer = q.status, q.answer
				if got := knock(b, t, b.Key(fmt.Sprint("bad ", i)), q.path, q.body, "user-agent", "provoke"); !slices.Contains(q.want, got.Status) {
					t.Errorf("%s: %d %.300s", q.name, got.Status, got.Body)
				}
				path, body := p.ordinarily()
				got := knock(b, t, good, path, body, "x-factory-client", "cli", "x-session-id", "s", "x-api-provider", "anthropic")
				a, err := b.Client.Account(t.Context(), "only")
				if got.Status != http.StatusOK || err != nil || a.State != "ready" {
					t.Fatalf("%s: another key got %d %.300s, %+v, %v", q.name, got.Status, got.Body, a, err)
				}
			}
		})
	}
}

// TestALimitThatARequestMeetsAllByItselfIsThatModels at most, and for minutes, however many keys meet it and whatever the upstream says.
func TestALimitThatARequestMeetsAllByItselfIsThatModels(t *testing.T) {
	t.Parallel()
	for platform := range usual {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			for _, q := range beyondLimits(platform) {
				b := crstest.Start(t)
				q.account(b, q.upstream(t, b))
				for _, key := range []string{"one", "two"} {
					if got := knock(b, t, b.Key(key), q.path, q.body, "user-agent", "provoke"); !slices.Contains(q.want, got.Status) {
						t.Errorf("%s: %d %.300s", q.name, got.Status, got.Body)
					}
				}
				path, body := q.ordinarily()
				got := knock(b, t, b.Key("good"), path, body, "x-factory-client", "cli", "x-session-id", "s", "x-api-provider", "anthropic")
				a, err := b.Client.Account(t.Context(), "only")
				if got.Status != http.StatusOK || err != nil || a.State != "ready" {
					t.Errorf("%s: another key got %d %.300s, %+v, %v", q.name, got.Status, got.Body, a, err)
				}
				for _, r := range a.Rests {
					if r.Until.Sub(r.Since) > 10*time.Minute {
						t.Errorf("%s: %+v", q.name, r)
					}
				}
			}
		})
	}
}

// beyondLimits are requests that are large by what they refer to, multiply or are said to be, for another model of the usual one's family.
func beyondLimits(platform string) (all []provoked) {
	usual := usual[platform]
	model := strings.NewReplacer("-4-5", "-4-6", "-5.5", "-5.5-mini", "-2.5-pro", "-3-pro").Replace(usual[2])
	add := func(name, body, says string) {
		path, message := strings.ReplaceAll(usual[0], "%s", model), fmt.Sprintf("%q", says)
		all = append(all, provoked{
			name: name, platform: platform, path: path, body: strings.ReplaceAll(body, usual[2], model), status: 429, retry: "86400", want: []int{404, 429, 502, 503}, kind: "ThrottlingException",
			answer: `{"type":"error","message":` + message + `,"error":{"type":"rate_limit_error","code":429,"status":"RESOURCE_EXHAUSTED","message":` + message + `}}`,
		})
	}
	for how, members := range abroad(platform, "x") {
		add(how, quotation(platform, how, members, "x", 429).body, "This request would exceed your limit of 500,000 input tokens per minute")
	}
	for _, says := range []string{"Request too large for this model", "Rate limit reached on tokens per min (TPM): Limit 30000, Requested 128016.", "This would exceed the rate limit of 10 input tokens per minute"} {
		add(says, strings.ReplaceAll(usual[1], "%s", usual[2]), says)
	}
	for how, members := range abroad(platform, "x") { // the quota of a tool's server, passed on with its code
		if platform == "openai-responses" || platform == "azure-openai" || platform == "openai" {
			add("a quota, "+how, quotation(platform, how, members, "x", 429).body, "Error retrieving tool list: You exceeded your current quota")
			all[len(all)-1].answer = `{"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"Error retrieving tool list: You exceeded your current quota"}}`
		}
	}
	switch platform {
	case "gemini-api":
		add("many answers", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"candidateCount":8}}`, "Resource exhausted")
	case "openai-responses", "azure-openai":
		add("many answers", `{"model":"`+usual[2]+`","input":"hi","n":128}`, "Rate limit reached")
	}
	return all
}

// TestALimitThatIsStatedIsBelieved, whatever the request: no request that is let through is small enough.
func TestALimitThatIsStatedIsBelieved(t *testing.T) {
	t.Parallel()
	for platform, c := range map[string]struct{ answer, field, value string }{
		"claude-console":   {`{"type":"error","error":{"type":"rate_limit_error","message":"x"}}`, "anthropic-ratelimit-requests-remaining", "0"},
		"openai-responses": {`{"error":{"type":"requests","code":"rate_limit_exceeded","message":"x"}}`, "x-ratelimit-remaining-requests", "0"},
		"azure-openai":     {`{"error":{"code":"429","message":"x"}}`, "x-ratelimit-remaining-requests", "0"},
		"openai":           {`{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached"}}`, "", ""},
		"gemini-api": {`{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure",` +
			`"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}}`, "", ""},
	} {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			first := slices.Min(slices.Collect(maps.Values(abroad(platform, "x"))))
			q := quotation(platform, "", first, "x", 429)
			q.answer, q.field, q.retry = c.answer, [2]string{c.field, c.value}, "3600"
			q.account(b, q.upstream(t, b))
			knock(b, t, b.Key("one"), q.path, q.body, "user-agent", "provoke")
			a, err := b.Client.Account(t.Context(), "only")
			if err != nil || len(a.Rests) != 1 || a.Rests[0].Key != "" || a.Rests[0].Until.Sub(a.Rests[0].Since) < 15*time.Minute {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
}

// TestAnUpstreamsOwnWordsTellOfTheAccount: at once where the request is plain and does not say them, else when a second key meets them.
func TestAnUpstreamsOwnWordsTellOfTheAccount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		platform, words string
		status          int
		want            string
	}{
		"shut":                  {"claude-console", "This organization has been disabled.", 400, "blocked"},
		"no credit":             {"claude-console", "Your credit balance is too low to access the Anthropic API", 400, "cooling"},
		"a key that is none":    {"gemini-api", "API key not valid. Please pass a valid API key.", 400, "cooling"},
		"a key that leaked":     {"gemini-api", "Your API key was reported as leaked.", 403, "blocked"},
		"a login for less":      {"gemini", "Request had insufficient authentication scopes.", 403, "needs-login"},
		"a token that is none":  {"bedrock", "The security token included in the request is invalid", 403, "cooling"},
		"a subscription's key":  {"azure-openai", "Access denied due to invalid subscription key", 403, "cooling"},
		"a key for the gateway": {"openai-responses", "Incorrect API key provided", 403, "cooling"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			p := provoked{platform: c.platform, status: c.status, answer: fmt.Sprintf(`{"type":"error","message":%q,"error":{"type":"x","code":%d,"status":"X","message":%[1]q}}`, c.words, c.status)}
			p.account(b, p.upstream(t, b))
			first := slices.Min(slices.Collect(maps.Values(abroad(c.platform, "x"))))
			q := quotation(c.platform, "", first, c.words, c.status)
			for _, one := range [][2]string{{"one", "ready"}, {"two", "cooling"}} {
				knock(b, t, b.Key(one[0]), q.path, q.body, "user-agent", "provoke")
				if a, err := b.Client.Account(t.Context(), "only"); err != nil || string(a.State) != one[1] {
					t.Errorf("once key %s has met it: %+v, %v", one[0], a, err)
				}
			}
			must(b.Client.ThawAccount(t.Context(), "only"))
			path, body := p.ordinarily()
			knock(b, t, b.Key("three"), path, body, "user-agent", "provoke")
			if a, err := b.Client.Account(t.Context(), "only"); err != nil || string(a.State) != c.want {
				t.Errorf("once a plain request has met it: %+v, %v", a, err)
			}
		})
	}
}

// TestAPlainRequestThatIsRefusedTellsOfTheAccount at once where the status is 401. A 403 may be about its text, though the like was
// served: it tells of the account when another key meets it.
func TestAPlainRequestThatIsRefusedTellsOfTheAccount(t *testing.T) {
	t.Parallel()
	for platform := range usual {
		for words, status := range map[string]int{"No.": 401, "Request blocked": 403, "Your input was flagged for violence.": 403} {
			t.Run(fmt.Sprint(platform, ", ", status, " ", words), func(t *testing.T) {
				t.Parallel()
				b := crstest.Start(t)
				p := provoked{platform: platform, status: status, answer: fmt.Sprintf(`{"type":"error","message":%q,"error":{"type":"x","status":"X","message":%[1]q}}`, words)}
				var well atomic.Bool
				up := p.upstreamUnless(t, b, &well)
				p.account(b, up)
				one, two := b.Key("one"), b.Key("two")
				path, body := p.ordinarily()
				ask := func(key string) int {
					return knock(b, t, key, path, body, "user-agent", "provoke", "x-factory-client", "cli", "x-session-id", "s", "x-api-provider", "anthropic").Status
				}
				well.Store(status == 403)
				if got := ask(one); well.Load() && got != http.StatusOK {
					t.Fatalf("while all is well: %d", got)
				}
				well.Store(false)
				ask(one)
				if a, err := b.Client.Account(t.Context(), "only"); err != nil || (a.State == "ready") != (status == 403) {
					t.Errorf("%+v, %v", a, err)
				}
				ask(two)
				if a, err := b.Client.Account(t.Context(), "only"); err != nil || a.State == "ready" {
					t.Errorf("once another key has met it: %+v, %v", a, err)
				}
			})
		}
	}
}

// TestWhoseRefusalItIsIsSaid, by the key's name, while only one key has met it.
func TestWhoseRefusalItIsIsSaid(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	p := provoked{platform: "claude-console", status: 403, answer: `{"type":"error","error":{"type":"permission_error","message":"No."}}`}
	p.account(b, p.upstream(t, b))
	path, body := p.ordinarily()
	knock(b, t, b.Key("my key"), path, body, "user-agent", "provoke")
	a, err := b.Client.Account(t.Context(), "only")
	if err != nil || a.State != "ready" || len(a.Rests) != 1 || a.Rests[0].Key != "my key" || a.Rests[0].Scope != "key my key" || a.Rests[0].Since.IsZero() {
		t.Errorf("%+v, %v", a, err)
	}
	e, err := b.Client.ExplainWant(t.Context(), ctl.ExplainQuery{Key: "my key", Model: "claude-sonnet-4-5"})
	if err != nil || len(e.Accounts) != 1 || !strings.HasPrefix(e.Accounts[0].Detail, "for this key alone: 403") {
		t.Errorf("%+v, %v", e, err)
	}
}

// account adds the only account there is.
func (p *provoked) account(b *crstest.Box, up string) {
	below := map[string]string{"openai": "/backend-api/codex", "droid": "/api/llm"}[p.platform]
	at := func(a *ctl.NewAccount) { a.BaseURL, a.AnyClient = up+below, true }
	switch p.platform {
	case "openai":
		b.Codex("only", time.Hour, at)
	case "gemini":
		b.CodeAssist("only", time.Hour, at)
	case "droid":
		b.Droid("only", time.Hour, at)
	default:
		b.AccountOn(p.platform, "only", func(a *ctl.NewAccount) { a.BaseURL = up })
	}
}

func (p *provoked) asked() (path, body string) {
	u := usual[p.platform]
	model := strings.NewReplacer("-4-5", "-99", "-5.5", "-99", "-2.5-pro", "-99").Replace(u[2])
	path, body = u[0], u[1]
	if p.path != "" {
		path = p.path
	}
	if p.body != "" {
		body = p.body
	}
	return strings.ReplaceAll(path, "%s", model), strings.ReplaceAll(body, "%s", model)
}

func (p *provoked) ordinarily() (path, body string) {
	u := usual[p.platform]
	if path = u[0]; p.ordinary != "" {
		path = p.ordinary
	}
	return strings.ReplaceAll(path, "%s", u[2]), strings.ReplaceAll(u[1], "%s", u[2])
}

// upstream gives the answer to who provokes it, and is the simulator to everybody else.
func (p *provoked) upstream(t *testing.T, b *crstest.Box) string {
	t.Helper()
	return p.upstreamUnless(t, b, new(atomic.Bool))
}

// upstreamUnless is the simulator to all for as long as it is well.
func (p *provoked) upstreamUnless(t *testing.T, b *crstest.Box, well *atomic.Bool) string {
	t.Helper()
	sim, err := url.Parse(b.Sim.URL())
	if err != nil {
		t.Fatal(err)
	}
	rest := httputil.NewSingleHostReverseProxy(sim)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() != "provoke" || well.Load() {
			rest.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if p.status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		switch {
		case p.platform == "bedrock":
			w.Header().Set("x-amzn-errortype", p.kind)
		case p.kind != "":
			w.Header().Set("Content-Type", p.kind)
		}
		if p.field[0] != "" {
			w.Header().Set(p.field[0], p.field[1])
		}
		if p.retry != "" {
			w.Header().Set("Retry-After", p.retry)
		}
		w.WriteHeader(p.status)
		_, _ = io.WriteString(w, p.answer)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}
