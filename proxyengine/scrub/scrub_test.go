package scrub_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"crs/proxyengine/scrub"
)

const (
	key     = "sk-ant-api03-q7Wm_Zr4T-x9LpVd2abcd"
	odd     = "correct/horse+battery=Staple9"
	project = "acme-prod-314159"
	host    = "llm.acme.example"
)

func scrubber() *scrub.Scrubber {
	return scrub.New([]scrub.Secret{
		{Text: key, Word: scrub.Credential}, {Text: odd, Word: scrub.Credential}, {Text: project, Word: scrub.Project}, {Text: host, Word: scrub.Address},
	})
}

// spellings are how a text may be written.
func spellings(text string) map[string]string {
	percent, unicode, entities := "", "", ""
	for _, b := range []byte(text) {
		percent += fmt.Sprintf("%%%02x", b)
		unicode += fmt.Sprintf(`\u%04X`, b)
		entities += fmt.Sprintf("&#x%x;", b)
	}
	quoted, _ := json.Marshal(text)
	return map[string]string{
		"as it is": text, "in a query": url.QueryEscape(text), "in a path": url.PathEscape(text), "percent": percent, "percent twice": url.QueryEscape(percent),
		"unicode": unicode, "unicode twice": strings.ReplaceAll(unicode, `\`, `\\`), "quoted": strings.Trim(string(quoted), `"`), "slashes": strings.ReplaceAll(text, "/", `\/`), "entities": entities,
		"base64": base64.StdEncoding.EncodeToString([]byte(text)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(text)),
		"basic": base64.StdEncoding.EncodeToString([]byte("user:" + text)), "bearer in base64": base64.StdEncoding.EncodeToString([]byte("Bearer " + text + "\n")), "hex": hex.EncodeToString([]byte(text)),
		"bytes": fmt.Sprintf("% x", text), "bytes with colons": strings.ReplaceAll(fmt.Sprintf("% X", text), " ", ":"),
	}
}

// wrappings are what an error may put it into.
func wrappings(text string) map[string]string {
	message, _ := json.Marshal("the key " + text + " is no good")
	inner, _ := json.Marshal(`{"error":{"message":` + string(message) + `}}`)
	return map[string]string{
		"plain": "the key " + text + ".", "alone": text, "JSON": `{"error":{"type":"x","message":` + string(message) + `}}`,
		"a key's name": `{"error":{` + strings.ReplaceAll(string(message), "the key ", "") + `:1}}`, "JSON in JSON": `{"error":{"message":` + string(inner) + `}}`,
		"broken JSON": `{"error":{"message":` + string(message) + `,"more":`, "a page": "<html><body>the key \"" + text + "\"</body></html>", "a list": `[[` + string(message) + `]]`,
	}
}

// TestWhatIsKnownIsFoundInEverySpelling of it, whatever it stands in, and what is JSON stays JSON.
func TestWhatIsKnownIsFoundInEverySpelling(t *testing.T) {
	t.Parallel()
	s := scrubber()
	for _, secret := range []string{key, odd, project, host} {
		for spelled, text := range spellings(secret) {
			for wrapped, body := range wrappings(text) {
				got := string(s.Body([]byte(body)))
				if strings.Contains(got, text) || strings.Contains(got, secret) {
					t.Errorf("%s, %s, %s: %s", secret, spelled, wrapped, got)
				}
				if json.Valid([]byte(body)) && !json.Valid([]byte(got)) {
					t.Errorf("%s, %s, %s is JSON no more: %s", secret, spelled, wrapped, got)
				}
				if again := string(s.Body([]byte(got))); again != got {
					t.Errorf("a second time, it is %s, not %s", again, got)
				}
			}
		}
	}
}

// TestWhatIsTheOperatorsIsTakenOut of what providers and those before them say.
func TestWhatIsTheOperatorsIsTakenOut(t *testing.T) {
	t.Parallel()
	s := scrubber()
	for said, want := range map[string]string{
		"Incorrect API key provided: sk-proj-*****************wxyz. You can find your API key at https://platform.openai.com/account/api-keys.": "Incorrect API key provided: [credential]. You can find your API key at https://platform.openai.com/account/api-keys.",
		"Incorrect API key provided: Kq83jf0z.": "Incorrect API key provided: [credential].",
		"invalid x-api-key sk-ant-…abcd":        "invalid x-api-key [credential]",
		"invalid key sk-ant...abcd":             "invalid key [credential]",
		"the key ending in abcd was revoked":    "the key ending in [credential] was revoked",
		"Rate limit reached for gpt-5.5 in organization org-Q7wmZr4Tx9LpVd2abcdABCDE on tokens per min (TPM): Limit 30000, Used 29000, Requested 1500. Please try again in 1.5s.": "Rate limit reached for gpt-5.5 in organization [organization] on tokens per min (TPM): Limit 30000, Used 29000, Requested 1500. Please try again in 1.5s.",
		"This request would exceed your organization’s rate limit of 50,000 input tokens per minute (org: 2b1c3d4e-5f60-4711-8899-aabbccddeeff, model: claude-opus-4-8).":         "This request would exceed your organization’s rate limit of 50,000 input tokens per minute (org: [organization], model: claude-opus-4-8).",
		"in project proj_AbC123dEf456":   "in project [project]",
		"organization 'Acme Industries'": "organization '[organization]'",
		"Generative Language API has not been used in project 314159265358 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/overview?project=314159265358 then retry.": "Generative Language API has not been used in project [project] before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/overview?project=[project] then retry.",
		"Permission denied on resource project my-proj-12.":                             "Permission denied on resource project [project].",
		"consumer 'project_number:314159265358'":                                        "consumer 'project_number:[project]'",
		"projects/my-own/locations/us-central1":                                         "projects/[project]/locations/us-central1",
		"Permission denied on projects/proj-own for bot@my-own.iam.gserviceaccount.com": "Permission denied on projects/[project] for [e-mail]",
		"User: arn:aws:sts::123456789012:assumed-role/relay/i-0abc is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-x because no policy allows it": "User: [resource] is not authorized to perform: bedrock:InvokeModel on resource: [resource] because no policy allows it",
		"account 123456789012 is suspended":                                                                         "account [account] is suspended",
		"The security token AKIAIOSFODNN7EXAMPLE is invalid":                                                        "The security token [credential] is invalid",
		"dial tcp 10.1.2.3:443: connect: connection refused":                                                        "dial tcp [address]: connect: connection refused",
		"dial tcp [fd00::12]:443: i/o timeout":                                                                      "dial tcp [[address]]:443: i/o timeout",
		"lookup gateway.corp.internal on 10.0.0.2:53: no such host":                                                 "lookup [address] on [address]: no such host",
		"lookup gateway.acme.io on resolver: no such host":                                                          "lookup [address] on resolver: no such host",
		"dial tcp: lookup litellm-proxy on 10.0.0.2:53: no such host":                                               "dial tcp: lookup [address] on [address]: no such host",
		"dial tcp: lookup vllm: no such host":                                                                       "dial tcp: lookup [address]: no such host",
		"connect ECONNREFUSED vllm-node-7:8000":                                                                     "connect ECONNREFUSED [address]",
		"getaddrinfo ENOTFOUND vllm-node-7":                                                                         "getaddrinfo ENOTFOUND [address]",
		"getaddrinfo EAI_AGAIN redis":                                                                               "getaddrinfo EAI_AGAIN [address]",
		"HTTPConnectionPool(host='vllm-node-7', port=8000): Max retries exceeded":                                   "HTTPConnectionPool(host='[address]', port=8000): Max retries exceeded",
		`HTTPConnection(host=\"vllm\", port=8000): Failed to resolve 'vllm' ([Errno -2] Name or service not known)`: `HTTPConnection(host=\"[address]\", port=8000): Failed to resolve '[address]' ([Errno -2] Name or service not known)`,
		"Cannot connect to host vllm:8000 ssl:default":                                                              "Cannot connect to host [address] ssl:default",
		"connect to vllm-node-7:8000 refused":                                                                       "connect to [address] refused",
		"vllm-node-7:8000 is unreachable":                                                                           "[address] is unreachable",
		"Failed to connect to vllm port 8000 after 0 ms: Could not connect":                                         "Failed to connect to [address] port 8000 after 0 ms: Could not connect",
		"Could not resolve host: vllm-node-7":                                                                       "Could not resolve host: [address]",
		"could not translate host name \"db\" to address":                                                           "could not translate host name \"[address]\" to address",
		"host not found in upstream \"vllm\"":                                                                       "host not found in upstream \"[address]\"",
		"no live upstreams while connecting to upstream \"vllm\", host: \"gw\"":                                     "no live upstreams while connecting to upstream \"[address]\", host: \"[address]\"",
		"java.net.UnknownHostException: vllm-node-7":                                                                "java.net.UnknownHostException: [address]",
		"Connection refused: vllm/10.0.0.1:8000":                                                                    "Connection refused: [address]/[address]",
		"Rate limit reached for gpt-5.5 in organization acme-corp on tokens per min (TPM): Limit 3":                 "Rate limit reached for gpt-5.5 in organization [organization] on tokens per min (TPM): Limit 3",
		"Rate limit reached for gpt-5.5 (for limit gpt-5.5) in organization Acme Widgets GmbH on requests per min":  "Rate limit reached for gpt-5.5 (for limit gpt-5.5) in organization [organization] on requests per min",
		"The principal `7e1f6a52-9c3b-4d2e-8f10-aa55bb66cc77` lacks the required data action":                       "The principal `[organization]` lacks the required data action",
		"the token ghp_abcdefghijklmnopqrstuvwxyz0123456789 is over":                                                "the token [credential] is over",
		"API key ID apikey_01AbCdEfGhIjKl":                                                                          "API key ID [account]",
		"IAM user bob-smith is not authorized":                                                                      "IAM user [account] is not authorized",
		"upstream https://eu-1.llm.acme.io/v1/messages failed":                                                      "upstream [address] failed",
		"https://my-res.openai.azure.com/openai/deployments/prod-gpt-eu/chat":                                       "[address]",
		"POST /openai/deployments/prod-gpt-eu/chat failed at my-res.openai.azure.com":                               "POST /openai/deployments/[resource]/chat failed at [address]",
		"https://llm.acme.example/v1":                                                                               "[address]",
		"ops@acme.example has no seat":                                                                              "[e-mail] has no seat",
		"open /var/lib/gateway/keys.json: permission denied":                                                        "open [path]: permission denied",
		"Authorization: Bearer abc123def456":                                                                        "Authorization: Bearer [credential]",
		"your key cr_0123456789abcdef0123":                                                                          "your key [credential]",
		"token eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.sig":                                                             "token [credential]",
		`{"api_________________________________________________-.key":"acme","API Key":"acme"}`:                     `{"api_________________________________________________-.key":"[credential]","API Key":"[credential]"}`,
		`{"error":{"message":"no","organization":"acme","nested":{"project":{"id":"p","number":31}}}}`:              `{"error":{"message":"no","organization":"[organization]","nested":{"project":{"id":"[project]","number":0}}}}`,
		`{"error":{"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED","domain":"googleapis.com","metadata":{"consumer":"projects/31","service":"generativelanguage.googleapis.com"}}]}}`: `{"error":{"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED","domain":"googleapis.com","metadata":{"consumer":"[project]","service":"generativelanguage.googleapis.com"}}]}}`,
	} {
		if got := string(s.Body([]byte(said))); got != want {
			t.Errorf("%s\nbecame %s\nnot    %s", said, got, want)
		}
		if again := s.Text(s.Exact().Text(want)); strings.Contains(again, "]]") && !strings.Contains(want, "]]") {
			t.Errorf("a second time, %s became %s", want, again)
		}
	}
}

// TestWhatClientsActUponStays, byte for byte.
func TestWhatClientsActUponStays(t *testing.T) {
	t.Parallel()
	s := scrubber()
	for _, said := range []string{
		`{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 201234 tokens > 200000 maximum"},"request_id":"req_011CSHoEeqs5C35K2UUqR7Fy"}`,
		`{"type":"error","error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your per-minute rate limit"}}`,
		`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, `{"type":"error","error":{"details":{"error_visibility":"user_facing"},"type":"invalid_request_error","message":"messages.0.content.1: unexpected ` + "`tool_use_id`" + ` found in ` + "`tool_result`" + ` blocks: toolu_01A09q90qw90lq917835lq9"}}`,
		`{"error": {"message": "This model's maximum context length is 128000 tokens. However, your messages resulted in 140000 tokens.", "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded"}}`,
		`{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"pro","resets_at":1764385200,"resets_in_seconds":3600}}`,
		`{"error":{"message":"Rate limit reached. Please try again in 1.898s. Visit https://platform.openai.com/account/rate-limits to learn more.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`,
		`{"error":{"message":"The server is overloaded or not ready yet.","type":"server_error","code":"server_is_overloaded"}}`,
		`{"error":{"code":429,"message":"You exceeded your current quota. Please retry in 34.07s.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_content_free_tier_requests","quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaDimensions":{"location":"global","model":"gemini-2.5-pro"},"quotaValue":"50"}]},{"@type":"type.googleapis.com/google.rpc.Help","links":[{"description":"Learn more about Gemini API quotas","url":"https://ai.google.dev/gemini-api/docs/rate-limits"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}}`,
		`{"error":{"code":400,"message":"The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}`,
		`{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"MODEL_CAPACITY_EXHAUSTED","domain":"cloudcode-pa.googleapis.com","metadata":{"model":"gemini-2.5-pro","quotaResetDelay":"3600s"}}]}}`,
		`{"message":"Too many tokens, please wait before trying again."}`, `{"message":"The model is not ready for inference at 12:34:56"}`,
		`{"error":{"message":"Error retrieving tool list from MCP server: 'my-tools'. Http status code: 424 (Failed Dependency)","type":"external_connector_error","param":"tools","code":"http_error"}}`,
		"the lookup failed: no tool of that name", "ECONNRESET while the answer was read", "connect to the server and try again", "the host is busy", "messages:12 was refused", "hostname is required", "unknown hosts are refused", "could not resolve the schema's $ref",
		"connection refused", "failed to resolve model 'x'", "settings in organization on the page", "anthropic.claude-haiku-4-5-20251001-v1:0 timed out", "tokens/2.5.1", "lookup tool: no result", "a connection to tools: 3 of them", "IAM user or role is not known",
		"an organization-level limit: org-level, user-defined, task-force and std::vector<T>, v1.2.3, 50% of 2024-10-21", "a basic understanding", "hold the bearer accountable", "",
	} {
		if got := string(s.Body([]byte(said))); got != said {
			t.Errorf("%s\nbecame %s", said, got)
		}
	}
}

// FuzzBody: no body makes it fail, none grows out of bounds, no known secret is left, and JSON stays JSON.
func FuzzBody(f *testing.F) {
	for _, secret := range []string{key, odd} {
		for _, text := range spellings(secret) {
			for _, body := range wrappings(text) {
				f.Add([]byte(body))
			}
		}
	}
	f.Add([]byte(`{"organization":[{"a":[1,-2e3,true,null,{"b":"\ud800"}]}],"x":"\u006frg-ABC123"}`))
	s := scrubber()
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		got := s.Body(body)
		if string(body) != before {
			t.Fatal("the body was changed in its place")
		}
		if len(got) > 8*len(body)+64 {
			t.Fatalf("%d bytes became %d", len(body), len(got))
		}
		for _, secret := range []string{key, odd} {
			if strings.Contains(string(got), secret) {
				t.Fatalf("%q has %s", got, secret)
			}
		}
		if json.Valid(body) && !json.Valid(got) {
			t.Fatalf("%q is JSON no more: %q", body, got)
		}
	})
}

// TestWhatIsLeftOfASecretIsTakenOut: without the beginning that all keys of its provider have, or with something in its middle.
func TestWhatIsLeftOfASecretIsTakenOut(t *testing.T) {
	t.Parallel()
	const secret = "sk-ant-api03-Zq7XcVbNm1Kj2Hg3Fd4Sa5Po6Iu7Yt8Re9Wq0LkJhGfDs"
	s := scrub.New([]scrub.Secret{{Text: secret, Word: scrub.Credential}, {Text: "gateway-of-ours-12345.example-12345.com", Word: scrub.Address}})
	for _, from := range []int{3, 8, 13, 20, 40} {
		for _, between := range []string{"", " ", ",", "\"", "\x00", "\ufffd", "\xff"} {
			text := "invalid key " + between + secret[from:] + " given"
			if got := s.Text(text); strings.Contains(got, secret[from:]) || !strings.HasPrefix(got, "invalid key") || !strings.HasSuffix(got, " given") {
				t.Errorf("%q became %q", text, got)
			}
			text = "invalid key " + secret[:from] + between + secret[from:] + " given"
			if got := s.Text(text); strings.Contains(got, secret[from:]) {
				t.Errorf("%q became %q", text, got)
			}
		}
	}
	if text := "see docs at other.example-12345.com"; s.Text(text) != text {
		t.Errorf("%q became %q", text, s.Text(text))
	}
}
