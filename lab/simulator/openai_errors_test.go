package simulator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"crs/lab/simulator"
)

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// gptError is an error object of OpenAI's protocols; all four members are always there.
type gptError struct {
	Message           string
	Type, Param, Code *string
}

// gptFailed reads an error answer, and checks its shape.
func gptFailed(t *testing.T, a answer) gptError {
	t.Helper()
	var e struct{ Error map[string]json.RawMessage }
	if err := json.Unmarshal([]byte(a.body), &e); err != nil || a.header.Get("x-request-id") == "" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%v in %q, header %v", err, a.body, a.header)
	}
	for _, name := range []string{"message", "type", "param", "code"} {
		if e.Error[name] == nil {
			t.Errorf("no %s in %s", name, a.body)
		}
	}
	var whole struct{ Error gptError }
	if err := json.Unmarshal([]byte(a.body), &whole); err != nil {
		t.Errorf("%v in %s", err, a.body)
	}
	return whole.Error
}

// text is what s points to, "null" for nothing.
func text(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

func TestBadOpenAIRequestsAreRefusedAndLeaveTheScriptAlone(t *testing.T) {
	t.Parallel()
	s := startWith(t, simulator.Options{Script: "503", BadKeys: []string{"sk-bad"}})
	const key = "authorization: Bearer sk-a"
	cases := []struct {
		name, path, body, field string
		status                  int
		code, param, says       string
	}{
		{"no key", "/v1/responses", askGPT, "x: y", 401, "null", "null", "Missing bearer"},
		{"key elsewhere", "/v1/responses", askGPT, "api-key: sk-a", 401, "null", "null", "Missing bearer"},
		{"empty key", "/v1/responses", askGPT, "authorization: Bearer ", 401, "null", "null", "Missing bearer"},
		{"bad key", "/v1/responses", askGPT, "authorization: Bearer sk-bad", 401, "invalid_api_key", "null", "Incorrect API key provided"},
		{"no JSON", "/v1/responses", `{"model":`, key, 400, "null", "null", "We could not parse the JSON body"},
		{"no body", "/v1/chat/completions", ``, key, 400, "null", "null", "We could not parse the JSON body"},
		{"no model", "/v1/chat/completions", `{"messages":[{}]}`, key, 400, "missing_required_parameter", "model", "Missing required parameter: 'model'."},
		{"strange model", "/v1/responses", `{"model":7,"input":"x"}`, key, 400, "invalid_type", "model", "Invalid type for 'model'"},
		{"no input", "/v1/responses", `{"model":"m"}`, key, 400, "missing_required_parameter", "input", "Missing required parameter: 'input'."},
		{"strange input", "/v1/responses", `{"model":"m","input":{}}`, key, 400, "invalid_type", "input", "Invalid type for 'input'"},
		{"no messages", "/v1/chat/completions", `{"model":"m"}`, key, 400, "missing_required_parameter", "messages", "Missing required parameter"},
		{"messages as text", "/v1/chat/completions", `{"model":"m","messages":"x"}`, key, 400, "invalid_type", "messages", "Invalid type for 'messages'"},
		{"empty messages", "/v1/chat/completions", `{"model":"m","messages":[]}`, key, 400, "empty_array", "messages", "Invalid 'messages': empty array"},
		{"no prompt", "/v1/completions", `{"model":"m"}`, key, 400, "missing_required_parameter", "prompt", "Missing required parameter"},
		{"no text", "/v1/embeddings", `{"model":"m"}`, key, 400, "missing_required_parameter", "input", "Missing required parameter"},
		{"no picture", "/v1/images/generations", `{}`, key, 400, "missing_required_parameter", "prompt", "Missing required parameter"},
	}
	for _, c := range cases {
		a := s.do("POST", c.path, c.body, c.field)
		e := gptFailed(t, a)
		if a.status != c.status || text(e.Type) != "invalid_request_error" || text(e.Code) != c.code || text(e.Param) != c.param || !strings.HasPrefix(e.Message, c.says) {
			t.Errorf("%s: %d %s, want %d %s %s %q", c.name, a.status, a.body, c.status, c.code, c.param, c.says)
		}
		if q := s.last(); q.Step != "" || q.Outcome != simulator.Faulted || q.Status != c.status {
			t.Errorf("%s: recorded %q %s %d", c.name, q.Step, q.Outcome, q.Status)
		}
	}
	if a := s.gpt("/v1/responses", askGPT); a.status != 503 {
		t.Errorf("the first good request gets %d, want the 503 of the script", a.status)
	}
}

func TestEveryOpenAIErrorHasItsStatusTypeAndCode(t *testing.T) {
	t.Parallel()
	cases := []struct {
		step                   string
		status                 int
		kind, code, says, wait string // wait is retry-after-ms
	}{
		{"400", 400, "invalid_request_error", "invalid_value", "", ""},
		{"400(long)", 400, "invalid_request_error", "context_length_exceeded", "exceeds the context window", ""},
		{"400(encrypted)", 400, "invalid_request_error", "invalid_encrypted_content", "could not be verified", ""},
		{"400(previous)", 400, "invalid_request_error", "previous_response_not_found", "not found", ""},
		{"400(invalid_prompt)", 400, "invalid_request_error", "invalid_prompt", "", ""},
		{"400(cyber_policy)", 400, "invalid_request_error", "cyber_policy", "", ""},
		{"400(credit)", 400, "invalid_request_error", "invalid_value", "", ""}, // another provider's word
		{"401", 401, "invalid_request_error", "invalid_api_key", "Incorrect API key", ""},
		{"401(deactivated)", 401, "invalid_request_error", "account_deactivated", "deactivated", ""},
		{"402", 402, "unknown_error", "invalid_request_error", "Insufficient Balance", ""},
		{"403", 403, "request_forbidden", "unsupported_country_region_territory", "not supported", ""},
		{"403(model)", 403, "invalid_request_error", "model_not_found", "does not have access to model `gpt-5.5`", ""},
		{"404", 404, "invalid_request_error", "null", "Invalid URL", ""},
		{"404(model)", 404, "invalid_request_error", "model_not_found", "The model `gpt-5.5` does not exist", ""},
		{"409", 409, "conflict_error", "null", "", ""},
		{"413", 413, "invalid_request_error", "null", "Maximum content size limit", ""},
		{"422", 422, "invalid_request_error", "null", "", ""},
		{"429", 429, "tokens", "rate_limit_exceeded", "on tokens per min", "1200"},
		{"429(retry=1s)", 429, "tokens", "rate_limit_exceeded", "try again in 1s.", "1000"},
		{"429(rate)", 429, "tokens", "rate_limit_exceeded", "gpt-5.5 in organization org-simulated on tokens per min: Limit 30000, Used 29800, Requested 500. Please try again in 1.2s.", "1200"},
		{"429(requests)", 429, "requests", "rate_limit_exceeded", "try again in 6m0s.", "360000"},
		{"429(quota)", 429, "insufficient_quota", "insufficient_quota", "exceeded your current quota", ""},
		{"429(5h)", 429, "tokens", "rate_limit_exceeded", "", "1200"},
		{"500", 500, "server_error", "null", "The server had an error", ""},
		{"503", 503, "service_unavailable_error", "server_is_overloaded", "overloaded", ""},
		{"503(retry=7s)", 503, "service_unavailable_error", "server_is_overloaded", "overloaded", "7000"},
		{"503(capacity)", 503, "service_unavailable_error", "server_is_overloaded", "Selected model is at capacity", ""},
		{"503(slow_down)", 503, "service_unavailable_error", "slow_down", "Slow down", ""},
		{"504", 504, "server_error", "null", "timed out", ""},
		{"529", 529, "server_error", "null", "overloaded", ""},
		{"error", 503, "service_unavailable_error", "server_is_overloaded", "overloaded", ""},
		{"error(rate_limit_error)", 429, "tokens", "rate_limit_exceeded", "", "1200"},
		{"error(quota,after=3)", 429, "insufficient_quota", "insufficient_quota", "", ""},
		{"error(odd_error)", 500, "server_error", "odd_error", "odd_error", ""},
	}
	for _, c := range cases {
		t.Run(c.step, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.step)
			a := s.gpt("/v1/chat/completions", askChat)
			e := gptFailed(t, a)
			if a.status != c.status || text(e.Type) != c.kind || text(e.Code) != c.code || !strings.Contains(e.Message, c.says) || a.header.Get("retry-after-ms") != c.wait {
				t.Errorf("%d, wait %q, %s; want %+v", a.status, a.header.Get("retry-after-ms"), a.body, c)
			}
			if q := s.last(); q.Step != c.step || q.Outcome != simulator.Faulted || len(s.Served()) != 0 {
				t.Errorf("recorded %q %s, served %v", q.Step, q.Outcome, s.Served())
			}
			if a := s.gpt("/v1/chat/completions", askChat); a.status != 200 {
				t.Errorf("then %d, want 200", a.status)
			}
		})
	}
}

func TestASpentLimitOfOpenAIIsInTheHeader(t *testing.T) {
	t.Parallel()
	s := start(t, "429(rate,reset=20ms),429(requests,retry=2s),429(quota)")
	for _, want := range []map[string]string{
		{"retry-after": "1", "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms", "x-ratelimit-remaining-requests": ""},
		{"retry-after": "2", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-tokens": ""},
		{"retry-after": "", "x-ratelimit-remaining-requests": "", "x-ratelimit-remaining-tokens": ""},
	} {
		a := s.gpt("/v1/responses", askGPT)
		for name, value := range want {
			if got := a.header.Get(name); got != value {
				t.Errorf("%s: %q, want %q", name, got, value)
			}
		}
	}
}

func TestCloudflareAnswersAPage(t *testing.T) {
	t.Parallel()
	s := start(t, "loop:403(html)")
	for path, body := range map[string]string{"/v1/responses": askGPT, "/backend-api/codex/responses": askCodex} {
		a := s.gpt(path, body)
		if a.status != 403 || !strings.HasPrefix(a.body, "<!DOCTYPE html>") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || a.header.Get("cf-mitigated") != "challenge" {
			t.Errorf("%s: %d %v %q", path, a.status, a.header, a.body)
		}
	}
}

func TestAnErrorComesInsideAResponseStream(t *testing.T) {
	t.Parallel()
	const failed = `"response":{"id":"resp_sim000000000000000001","object":"response","created_at":1795000000,"completed_at":null,"status":"failed","error":`
	cases := []struct {
		step   string
		events int
		last   string // what the last event begins with
	}{
		{"error", 1, `{"type":"response.failed","sequence_number":0,` + failed + `{"code":"server_is_overloaded","message":"Our servers are currently overloaded. Please try again later."}`},
		{"error(overloaded_error)", 1, `{"type":"response.failed","sequence_number":0,` + failed + `{"code":"server_is_overloaded",`},
		{"error(server_error,after=0)", 2, `{"type":"response.failed","sequence_number":1,` + failed + `{"code":"server_error",`},
		{"error(rate_limit_exceeded,after=2)", 7, `{"type":"response.failed","sequence_number":6,` + failed + `{"code":"rate_limit_exceeded","message":"Rate limit reached for gpt-5.5 in`},
		{"error(insufficient_quota,after=999)", 13, `{"type":"response.failed","sequence_number":12,` + failed + `{"code":"insufficient_quota",`},
		{"error(context_length_exceeded)", 1, `{"type":"response.failed","sequence_number":0,` + failed + `{"code":"context_length_exceeded",`},
		{"error(capacity)", 1, `{"type":"response.failed","sequence_number":0,` + failed + `{"code":"server_is_overloaded","message":"Selected model is at capacity.`},
		{"error(something)", 1, `{"type":"response.failed","sequence_number":0,` + failed + `{"code":"something","message":"Simulated something"}`},
		{"error(event)", 1, `{"type":"error","sequence_number":0,"error":{"message":"Our servers are currently overloaded. Please try again later.","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}}`},
		{"error(slow_down,event,after=1)", 6, `{"type":"error","sequence_number":5,"error":{"message":"Slow down.`},
		{"error(cyber_policy,flat)", 1, `{"type":"error","sequence_number":0,"code":"cyber_policy","message":"This request has been flagged for potentially high-risk cyber activity.","param":null}`},
	}
	for _, c := range cases {
		t.Run(c.step, func(t *testing.T) {
			t.Parallel()
			s := at(t, c.step)
			a := s.gpt("/v1/responses", askGPTStream)
			got := dataLines(t, a.body)
			if a.status != 200 || a.err != nil || len(got) != c.events || !strings.HasPrefix(got[len(got)-1], c.last) {
				t.Errorf("%d %v, %d events, want %d; the last is %s", a.status, a.err, len(got), c.events, got[len(got)-1])
			}
			if q := s.last(); q.Outcome != simulator.Faulted || q.EventsSent != c.events || len(s.Served()) != 0 {
				t.Errorf("recorded %s after %d, served %v", q.Outcome, q.EventsSent, s.Served())
			}
		})
	}
}

func TestAnErrorComesInsideAChatStream(t *testing.T) {
	t.Parallel()
	s := start(t, "error(rate_limit_exceeded,after=2),error(server_error)")
	got := chatChunks(t, s.gpt("/v1/chat/completions", askChatStream).body)
	if len(got) != 4 || !strings.HasPrefix(got[3], `{"error":{"message":"Rate limit reached for gpt-5.5`) || !strings.HasSuffix(got[3], `"type":"tokens","param":null,"code":"rate_limit_exceeded"}}`) {
		t.Errorf("chunks %q", got)
	}
	got = chatChunks(t, s.gpt("/v1/chat/completions", askChatStream).body)
	if len(got) != 1 || got[0] != `{"error":{"message":"The server had an error while processing your request. Sorry about that!","type":"server_error","param":null,"code":null}}` {
		t.Errorf("chunks %q", got)
	}
}
