package gemini

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"crs/lab/simulator/provider"
)

// failure is one kind of error that Google answers. In message and details {model} is the model, {wait} how long
// to wait, {until} when that is over.
type failure struct {
	status  int
	word    string // which kind, in scripts; the first of a status has none
	code    string
	message string
	details string        // the elements of the list
	wait    time.Duration // of a 429, by default
}

// The parts of details.
const (
	typed       = `{"@type":"type.googleapis.com/google.rpc.`
	retryInfo   = typed + `RetryInfo","retryDelay":"{wait}"}`
	quotaHelp   = typed + `Help","links":[{"description":"Learn more about Gemini API quotas","url":"https://ai.google.dev/gemini-api/docs/rate-limits"}]}`
	quotaBroken = typed + `QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_content_free_tier_requests",` +
		`"quotaId":"GenerateRequestsPer%PerProjectPerModel-FreeTier","quotaDimensions":{"location":"global","model":"{model}"},"quotaValue":"5"}]}`
	codeAssistSays = typed + `ErrorInfo","reason":"%","domain":"cloudcode-pa.googleapis.com","metadata":{"uiMessage":"true","model":"{model}",` +
		`"quotaResetDelay":"{wait}","quotaResetTimeStamp":"{until}"}}`
	googleSays = typed + `ErrorInfo","reason":"%","domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com"}}`

	currentQuota = "You exceeded your current quota, please check your plan and billing details. For more information on this error, " +
		"head to: https://ai.google.dev/gemini-api/docs/rate-limits. \n* Quota exceeded for metric: " +
		"generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 5\nPlease retry in {wait}."
	badToken = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid " +
		"authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)

// failures are the kinds there are.
func failures() []failure {
	return []failure{
		{status: 400, code: "INVALID_ARGUMENT", message: "Request contains an invalid argument."},
		{status: 400, word: "key", code: "INVALID_ARGUMENT", message: "API key not valid. Please pass a valid API key.", details: says(googleSays, "API_KEY_INVALID") + "," + typed + `LocalizedMessage","locale":"en-US","message":"API key not valid. Please pass a valid API key."}`},
		{status: 400, word: "long", code: "INVALID_ARGUMENT", message: "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576)."},
		{status: 400, word: "location", code: "FAILED_PRECONDITION", message: "User location is not supported for the API use."},
		{status: 401, code: "UNAUTHENTICATED", message: badToken},
		{status: 403, code: "PERMISSION_DENIED", message: "The caller does not have permission"},
		{status: 403, word: "validation", code: "PERMISSION_DENIED", message: "Verify your account to continue.", details: typed + `ErrorInfo","reason":"VALIDATION_REQUIRED","domain":"cloudcode-pa.googleapis.com","metadata":{"validation_error_message":"Verify your account to continue."}},` +
			typed + `Help","links":[{"description":"Complete validation to continue","url":"https://accounts.google.com/signin/continue?sarp=1&scc=1"},{"description":"Learn more","url":"https://support.google.com/accounts?p=al_alert"}]}`},
		{status: 403, word: "scopes", code: "PERMISSION_DENIED", message: "Request had insufficient authentication scopes.", details: says(googleSays, "ACCESS_TOKEN_SCOPE_INSUFFICIENT")},
		{status: 403, word: "service", code: "PERMISSION_DENIED", message: "Generative Language API has not been used in project 123456789012 before or it is disabled.", details: says(googleSays, "SERVICE_DISABLED")},
		{status: 403, word: "leaked", code: "PERMISSION_DENIED", message: "Your API key was reported as leaked. Please use another API key."},
		{status: 404, code: "NOT_FOUND", message: "models/{model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods."},
		{status: 429, code: "RESOURCE_EXHAUSTED", message: "Resource has been exhausted (e.g. check quota)."},
		{status: 429, word: "minute", code: "RESOURCE_EXHAUSTED", message: currentQuota, wait: 34 * time.Second, details: says(quotaBroken, "Minute") + "," + quotaHelp + "," + retryInfo},
		{status: 429, word: "day", code: "RESOURCE_EXHAUSTED", message: currentQuota, wait: 34 * time.Second, details: says(quotaBroken, "Day") + "," + quotaHelp + "," + retryInfo},
		{status: 429, word: "rate", code: "RESOURCE_EXHAUSTED", message: "You have exhausted your capacity on this model. Your quota will reset after {wait}.", wait: 7300 * time.Millisecond, details: says(codeAssistSays, "RATE_LIMIT_EXCEEDED") + "," + retryInfo},
		{status: 429, word: "quota", code: "RESOURCE_EXHAUSTED", message: "You have exhausted your capacity on this model. Your quota will reset after {wait}.", wait: 4 * time.Hour, details: says(codeAssistSays, "QUOTA_EXHAUSTED") + "," + retryInfo},
		{status: 429, word: "credits", code: "RESOURCE_EXHAUSTED", message: "Insufficient credits balance.", wait: 4 * time.Hour, details: says(codeAssistSays, "INSUFFICIENT_G1_CREDITS_BALANCE")},
		{status: 429, word: "capacity", code: "RESOURCE_EXHAUSTED", message: "No capacity available for model {model} on the server", wait: 7300 * time.Millisecond, details: says(codeAssistSays, "MODEL_CAPACITY_EXHAUSTED")},
		{status: 499, code: "CANCELLED", message: "The operation was cancelled."},
		{status: 500, code: "INTERNAL", message: "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"},
		{status: 503, code: "UNAVAILABLE", message: "The model is overloaded. Please try again later."},
		{status: 504, code: "DEADLINE_EXCEEDED", message: "Deadline expired before operation could complete."},
	}
}

// says puts a word into a part of details.
func says(part, word string) string { return strings.Replace(part, "%", word, 1) }

func (f failure) named() provider.Kind { return provider.Kind{Status: f.status, Word: f.word} }

// Kinds are the kinds of errors that scripts can name.
func Kinds() []provider.Kind { return provider.Kinds(failure.named, failures()) }

// statusOf is Google's status for an error that scripts for all providers name.
func statusOf(name string) int {
	return map[string]int{
		"invalid_request_error": 400, "authentication_error": 401, "permission_error": 403, "not_found_error": 404,
		"rate_limit_error": 429, "api_error": 500, "overloaded_error": 503, "timeout_error": 504,
	}[name]
}

// find finds what an error status, or an error inside a stream, is like.
func find(st *provider.Step) failure {
	if st.Verb == provider.DoError {
		for _, f := range failures() {
			if f.code == st.Word || f.word != "" && f.word == st.Word {
				return f
			}
		}
		if statusOf(st.Word) == 0 {
			return failure{status: 500, code: st.Word, message: "Simulated " + st.Word}
		}
		st = provider.StatusStep(statusOf(st.Word), "")
	}
	if f, found := provider.Choose(st, failure.named, failures()); found {
		return f
	}
	return failure{status: st.Status, code: "UNKNOWN", message: "Unknown Error."}
}

// on fills in what the failure tells of a request.
func (f failure) on(c *provider.Call, st *provider.Step) provider.Failure {
	wait := f.wait
	for _, given := range []time.Duration{st.ResetIn, st.RetryIn} {
		if given != 0 {
			wait = given
		}
	}
	fill := strings.NewReplacer("{model}", c.Prompt.Model, "{wait}", seconds(wait), "{until}", c.At.Add(wait).UTC().Format(time.RFC3339))
	filled := provider.Failure{Status: f.status, Kind: f.code, Message: fill.Replace(f.message), Header: header}
	if f.details != "" {
		filled.Members = []any{"details", json.RawMessage("[" + fill.Replace(f.details) + "]")}
	}
	return filled
}

// seconds is a duration as protobuf's JSON has it, and as the messages have it.
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s" }

// Refuse is an error of Google's.
func Refuse(status int, code, message string) *provider.Failure {
	return &provider.Failure{Status: status, Kind: code, Message: message, Header: header}
}

// errors are those of both APIs.
type errors struct{}

// Failure is what an error status is like.
func (errors) Failure(c *provider.Call, st *provider.Step) provider.Failure {
	return find(st).on(c, st)
}

// Refusal renders an error. Where the answer would have been an array, it is in one.
func (errors) Refusal(c *provider.Call, f provider.Failure) provider.Reply {
	body := errorObject(f)
	if _, action := modelAndAction(c.Path); action == "streamGenerateContent" && !wantsEvents(c) {
		body = append(provider.List(body), '\n')
	}
	return provider.Reply{Status: f.Status, Content: jsonType, Header: f.Header, Body: body}
}

func errorObject(f provider.Failure) json.RawMessage {
	return provider.Object("error", provider.Object(append([]any{"code", f.Status, "message", f.Message, "status", f.Kind}, f.Members...)...))
}
