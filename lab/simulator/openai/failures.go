package openai

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"crs/lab/simulator/provider"
)

// Failure is one kind of error that a speaker of OpenAI's protocols answers.
type Failure struct {
	Status  int
	Word    string // which kind, in scripts; the first of a status has none
	Kind    string // the error's type; "" where an error has a code and a message only
	Code    string
	Param   string
	Message string        // {model}, {wait} and {seconds} stand for what they say
	Spent   string        // which limit a 429 tells of: tokens, requests, or a window of a subscription
	Reset   time.Duration // when that resets, by default
}

const (
	invalid    = "invalid_request_error"
	overloaded = "Our servers are currently overloaded. Please try again later."
	tooFast    = "Rate limit reached for {model} in organization org-simulated on %s per min: Limit 30000, Used 29800, Requested 500. " +
		"Please try again in {wait}. Visit https://platform.openai.com/account/rate-limits to learn more."
)

// Failures are the kinds there are.
func Failures() []Failure {
	return []Failure{
		{Status: 400, Kind: invalid, Code: "invalid_value", Message: "Invalid value: 'simulated'. Supported values are: 'assistant', 'system', 'developer', and 'user'."},
		{Status: 400, Word: "long", Kind: invalid, Code: "context_length_exceeded", Param: "input", Message: "Your input exceeds the context window of this model. Please adjust your input and try again."},
		{Status: 400, Word: "encrypted", Kind: invalid, Code: "invalid_encrypted_content", Message: "The encrypted content gAAA...DQ== could not be verified."},
		{Status: 400, Word: "previous", Kind: invalid, Code: "previous_response_not_found", Param: "previous_response_id", Message: "Previous response with id 'resp_simulated' not found."},
		{Status: 400, Word: "invalid_prompt", Kind: invalid, Code: "invalid_prompt", Message: "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt."},
		{Status: 400, Word: "cyber_policy", Kind: invalid, Code: "cyber_policy", Message: "This request has been flagged for potentially high-risk cyber activity."},
		{Status: 401, Kind: invalid, Code: "invalid_api_key", Message: wrongKey},
		{Status: 401, Word: "deactivated", Kind: invalid, Code: "account_deactivated", Message: "Your OpenAI account has been deactivated, please check your email for more information. If you feel this is an error, contact us through our help center at help.openai.com."},
		{Status: 402, Kind: "unknown_error", Code: invalid, Message: "Insufficient Balance"},
		{Status: 403, Kind: "request_forbidden", Code: "unsupported_country_region_territory", Message: "Country, region, or territory not supported"},
		{Status: 403, Word: "model", Kind: invalid, Code: "model_not_found", Message: "Project `proj_simulated` does not have access to model `{model}`"},
		{Status: 403, Word: "html"},
		{Status: 404, Kind: invalid, Message: "Invalid URL (POST /v1/simulated)"},
		{Status: 404, Word: "model", Kind: invalid, Code: "model_not_found", Message: "The model `{model}` does not exist or you do not have access to it."},
		{Status: 409, Kind: "conflict_error", Message: "The resource was changed by another request."},
		{Status: 413, Kind: invalid, Message: "Maximum content size limit (26214400) exceeded (26214401 bytes read)"},
		{Status: 422, Kind: invalid, Message: "The request could not be processed."},
		{Status: 429, Kind: "tokens", Code: "rate_limit_exceeded", Message: strings.ReplaceAll(tooFast, "%s", "tokens"), Spent: "tokens", Reset: 1200 * time.Millisecond},
		{Status: 429, Word: "rate", Kind: "tokens", Code: "rate_limit_exceeded", Message: strings.ReplaceAll(tooFast, "%s", "tokens"), Spent: "tokens", Reset: 1200 * time.Millisecond},
		{Status: 429, Word: "requests", Kind: "requests", Code: "rate_limit_exceeded", Message: strings.ReplaceAll(tooFast, "%s", "requests"), Spent: "requests", Reset: 6 * time.Minute},
		{Status: 429, Word: "quota", Kind: "insufficient_quota", Code: "insufficient_quota", Message: "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."},
		{Status: 500, Kind: "server_error", Message: "The server had an error while processing your request. Sorry about that!"},
		{Status: 503, Kind: "service_unavailable_error", Code: "server_is_overloaded", Message: overloaded},
		{Status: 503, Word: "capacity", Kind: "service_unavailable_error", Code: "server_is_overloaded", Message: "Selected model is at capacity. Please try a different model."},
		{Status: 503, Word: "slow_down", Kind: "service_unavailable_error", Code: "slow_down", Message: "Slow down. Please reduce your request rate and try again."},
		{Status: 504, Kind: "server_error", Message: "The request timed out"},
	}
}

// Named is the kind as scripts name it.
func (f Failure) Named() provider.Kind { return provider.Kind{Status: f.Status, Word: f.Word} }

// Kinds are the kinds of errors that scripts can name.
func Kinds() []provider.Kind { return provider.Kinds(Failure.Named, Failures(), codexFailures()) }

// Find finds what an error status is like, or an error on a request that is no stream. Earlier tables come first, and OpenAI's
// own is the last.
func Find(st *provider.Step, tables ...[]Failure) Failure {
	if st.Verb == provider.DoError {
		return findError(st.Word, tables...)
	}
	if f, found := provider.Choose(st, Failure.Named, tables...); found {
		return f
	}
	if st.Status >= 500 {
		return Failure{Status: st.Status, Kind: "server_error", Message: overloaded}
	}
	return Failure{Status: st.Status, Kind: invalid, Message: "The request could not be processed."}
}

// findError finds what an error inside a stream is like.
func findError(word string, tables ...[]Failure) Failure {
	for _, table := range tables {
		for _, f := range table {
			if f.is(word) {
				return f
			}
		}
	}
	return Failure{Status: 500, Kind: "server_error", Code: word, Message: "Simulated " + word}
}

// is tells whether an error step means this kind of error: by its code, its type, its word, or Anthropic's name for it,
// which scripts for all providers use.
func (f Failure) is(word string) bool {
	switch word {
	case "overloaded_error":
		word = "server_is_overloaded"
	case "rate_limit_error":
		word = "rate_limit_exceeded"
	case "api_error":
		word = "server_error"
	}
	return word == f.Code || word == f.Kind || word == f.Word
}

// On renders the failure for one request; header are its lines.
func (f Failure) On(c *provider.Call, st *provider.Step, header string) provider.Failure {
	return provider.Failure{
		Status: f.Status, Kind: f.Kind, Detail: f.Code, Param: f.Param, Message: f.says(c, st), Page: f.Word == "html", Header: header,
	}
}

func (f Failure) says(c *provider.Call, st *provider.Step) string {
	_, wait := f.times(st)
	seconds := strconv.FormatInt(provider.Seconds(wait), 10)
	return strings.NewReplacer("{model}", c.Prompt.Model, "{wait}", wait.String(), "{seconds}", seconds).Replace(f.Message)
}

// times gives when the limit resets, and how long the answer tells to wait.
func (f Failure) times(st *provider.Step) (reset, wait time.Duration) {
	reset = f.Reset
	if st.ResetIn != 0 {
		reset = st.ResetIn
	}
	wait = reset
	if st.RetryIn != 0 {
		wait = st.RetryIn
	}
	return reset, wait
}

// Retry renders how long to wait.
func (f Failure) Retry(st *provider.Step) string {
	_, wait := f.times(st)
	if wait == 0 {
		return ""
	}
	return provider.IntField("retry-after", provider.Seconds(wait)) + provider.IntField("retry-after-ms", wait.Milliseconds())
}

// ErrorObject renders the error object of OpenAI's protocols.
func ErrorObject(f provider.Failure) json.RawMessage {
	return provider.Object(append([]any{
		"message", f.Message, "type", provider.OrNull(f.Kind), "param", provider.OrNull(f.Param), "code", provider.OrNull(f.Detail),
	}, f.Members...)...)
}
