package simulator

import (
	"strconv"
	"strings"
	"time"
)

// openAIFailure is one kind of error that a speaker of OpenAI's protocols answers.
type openAIFailure struct {
	status  int
	word    string // which kind, in scripts; the first of a status has none
	kind    string // the error's type; "" where an error has a code and a message only
	code    string
	param   string
	message string        // {model}, {wait} and {seconds} stand for what they say
	spent   string        // which limit a 429 tells of: tokens, requests, or a window of a subscription
	reset   time.Duration // when that resets, by default
}

const (
	invalid    = "invalid_request_error"
	overloaded = "Our servers are currently overloaded. Please try again later."
	tooFast    = "Rate limit reached for {model} in organization org-simulated on %s per min: Limit 30000, Used 29800, Requested 500. " +
		"Please try again in {wait}. Visit https://platform.openai.com/account/rate-limits to learn more."
)

var openAIFailures = []openAIFailure{
	{status: 400, kind: invalid, code: "invalid_value", message: "Invalid value: 'simulated'. Supported values are: 'assistant', 'system', 'developer', and 'user'."},
	{status: 400, word: "long", kind: invalid, code: "context_length_exceeded", param: "input", message: "Your input exceeds the context window of this model. Please adjust your input and try again."},
	{status: 400, word: "encrypted", kind: invalid, code: "invalid_encrypted_content", message: "The encrypted content gAAA...DQ== could not be verified."},
	{status: 400, word: "previous", kind: invalid, code: "previous_response_not_found", param: "previous_response_id", message: "Previous response with id 'resp_simulated' not found."},
	{status: 400, word: "invalid_prompt", kind: invalid, code: "invalid_prompt", message: "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt."},
	{status: 400, word: "cyber_policy", kind: invalid, code: "cyber_policy", message: "This request has been flagged for potentially high-risk cyber activity."},
	{status: 401, kind: invalid, code: "invalid_api_key", message: wrongKey},
	{status: 401, word: "deactivated", kind: invalid, code: "account_deactivated", message: "Your OpenAI account has been deactivated, please check your email for more information. If you feel this is an error, contact us through our help center at help.openai.com."},
	{status: 402, kind: "unknown_error", code: invalid, message: "Insufficient Balance"},
	{status: 403, kind: "request_forbidden", code: "unsupported_country_region_territory", message: "Country, region, or territory not supported"},
	{status: 403, word: "model", kind: invalid, code: "model_not_found", message: "Project `proj_simulated` does not have access to model `{model}`"},
	{status: 403, word: "html"},
	{status: 404, kind: invalid, message: "Invalid URL (POST /v1/simulated)"},
	{status: 404, word: "model", kind: invalid, code: "model_not_found", message: "The model `{model}` does not exist or you do not have access to it."},
	{status: 409, kind: "conflict_error", message: "The resource was changed by another request."},
	{status: 413, kind: invalid, message: "Maximum content size limit (26214400) exceeded (26214401 bytes read)"},
	{status: 422, kind: invalid, message: "The request could not be processed."},
	{status: 429, kind: "tokens", code: "rate_limit_exceeded", message: strings.ReplaceAll(tooFast, "%s", "tokens"), spent: "tokens", reset: 1200 * time.Millisecond},
	{status: 429, word: "rate", kind: "tokens", code: "rate_limit_exceeded", message: strings.ReplaceAll(tooFast, "%s", "tokens"), spent: "tokens", reset: 1200 * time.Millisecond},
	{status: 429, word: "requests", kind: "requests", code: "rate_limit_exceeded", message: strings.ReplaceAll(tooFast, "%s", "requests"), spent: "requests", reset: 6 * time.Minute},
	{status: 429, word: "quota", kind: "insufficient_quota", code: "insufficient_quota", message: "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."},
	{status: 500, kind: "server_error", message: "The server had an error while processing your request. Sorry about that!"},
	{status: 503, kind: "service_unavailable_error", code: "server_is_overloaded", message: overloaded},
	{status: 503, word: "capacity", kind: "service_unavailable_error", code: "server_is_overloaded", message: "Selected model is at capacity. Please try a different model."},
	{status: 503, word: "slow_down", kind: "service_unavailable_error", code: "slow_down", message: "Slow down. Please reduce your request rate and try again."},
	{status: 504, kind: "server_error", message: "The request timed out"},
}

// findOpenAI finds what an error status, or an error inside a stream, is like. Earlier tables come first.
func findOpenAI(st *step, tables ...[]openAIFailure) openAIFailure {
	for _, table := range tables {
		for _, f := range table {
			if st.verb == vError && f.is(st.word) || st.verb == vStatus && f.status == st.status && f.word == st.word {
				return f
			}
		}
	}
	switch {
	case st.verb == vError:
		return openAIFailure{status: 500, kind: "server_error", code: st.word, message: "Simulated " + st.word}
	case st.word != "": // the word is another provider's
		return findOpenAI(&step{verb: vStatus, status: st.status}, tables...)
	case st.status >= 500:
		return openAIFailure{status: st.status, kind: "server_error", message: overloaded}
	}
	return openAIFailure{status: st.status, kind: invalid, message: "The request could not be processed."}
}

// is tells whether an error step means this kind of error: by its code, its type, its word, or Anthropic's name for it,
// which scripts for all providers use.
func (f openAIFailure) is(word string) bool {
	switch word {
	case "overloaded_error":
		word = "server_is_overloaded"
	case "rate_limit_error":
		word = "rate_limit_exceeded"
	case "api_error":
		word = "server_error"
	}
	return word == f.code || word == f.kind || word == f.word
}

// streamCode is the code inside a stream, where there is always one.
func (f openAIFailure) streamCode() string {
	if f.code == "" {
		return f.kind
	}
	return f.code
}

// on renders the failure for one request; fields are its header lines.
func (f openAIFailure) on(c *call, st *step, fields []byte) failure {
	return failure{
		status: f.status, kind: f.kind, detail: f.code, param: f.param, message: f.says(c, st),
		page: f.word == "html", fields: fields,
	}
}

func (f openAIFailure) says(c *call, st *step) string {
	if !strings.Contains(f.message, "{") {
		return f.message
	}
	_, wait := f.times(st)
	return strings.NewReplacer("{model}", c.prompt.modelName(), "{wait}", wait.String(), "{seconds}", strconv.FormatInt(seconds(wait), 10)).Replace(f.message)
}

// times gives when the limit resets, and how long the answer tells to wait.
func (f openAIFailure) times(st *step) (reset, wait time.Duration) {
	reset = f.reset
	if st.resetIn != 0 {
		reset = st.resetIn
	}
	wait = reset
	if st.retryIn != 0 {
		wait = st.retryIn
	}
	return reset, wait
}

// appendRetry appends how long to wait.
func (f openAIFailure) appendRetry(b []byte, st *step) []byte {
	_, wait := f.times(st)
	if wait == 0 {
		return b
	}
	b = appendField(b, "retry-after", strconv.FormatInt(seconds(wait), 10))
	return appendField(b, "retry-after-ms", strconv.FormatInt(wait.Milliseconds(), 10))
}

// appendError renders the error object of OpenAI's protocols.
func appendError(b []byte, f failure) []byte {
	b = append(b, `{"message":`...)
	b = appendText(b, f.message)
	b = append(b, `,"type":`...)
	b = appendOrNull(b, f.kind)
	b = append(b, `,"param":`...)
	b = appendOrNull(b, f.param)
	b = append(b, `,"code":`...)
	b = appendOrNull(b, f.detail)
	b = append(b, f.members...)
	return append(b, '}')
}

func appendOrNull(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendText(b, s)
}

// challenge is what Cloudflare answers in front of OpenAI to whom it takes for a robot.
func challenge(c *call) reply {
	return reply{
		status: 403, content: "text/html; charset=UTF-8", body: []byte(page),
		fields: c.keep(append(c.scratch, "server: cloudflare\r\ncf-mitigated: challenge\r\n"...)),
	}
}
