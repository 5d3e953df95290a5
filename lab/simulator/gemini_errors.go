package simulator

import (
	"strconv"
	"strings"
	"time"
)

// geminiFailure is one kind of error that Google answers. In message and details {model} is the model, {wait} how long
// to wait, {until} when that is over.
type geminiFailure struct {
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

var geminiFailures = []geminiFailure{
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

// says puts a word into a part of details.
func says(part, word string) string { return strings.Replace(part, "%", word, 1) }

// anthropicNames are Google's statuses for the errors that scripts for all providers name.
var anthropicNames = map[string]int{
	"invalid_request_error": 400, "authentication_error": 401, "permission_error": 403, "not_found_error": 404,
	"rate_limit_error": 429, "api_error": 500, "overloaded_error": 503, "timeout_error": 504,
}

// findGemini finds what an error status, or an error inside a stream, is like.
func findGemini(st *step) geminiFailure {
	status, word := st.status, st.word
	if st.verb == vError {
		status, word = anthropicNames[st.word], ""
	}
	other := geminiFailure{status: status, code: "UNKNOWN", message: "Unknown Error."}
	for _, f := range geminiFailures {
		switch {
		case st.verb == vError && (f.code == st.word || f.word != "" && f.word == st.word):
			return f
		case f.status == status && f.word == word:
			return f
		case f.status == status && f.word == "":
			other = f // unless the word comes; it may be another provider's
		}
	}
	if other.status == 0 {
		return geminiFailure{status: 500, code: st.word, message: "Simulated " + st.word}
	}
	return other
}

// render fills in what the failure tells of this request.
func (f geminiFailure) render(c *call, st *step) failure {
	wait := f.wait
	for _, given := range []time.Duration{st.resetIn, st.retryIn} {
		if given != 0 {
			wait = given
		}
	}
	fill := strings.NewReplacer(
		"{model}", c.prompt.modelName(), "{wait}", googleSeconds(wait), "{until}", c.at.Add(wait).UTC().Format(time.RFC3339),
	)
	rendered := failure{status: f.status, kind: f.code, message: fill.Replace(f.message), fields: googleFields}
	if f.details != "" {
		rendered.members = []byte(`,"details":[` + fill.Replace(f.details) + "]")
	}
	return rendered
}

// googleSeconds is a duration as protobuf's JSON has it, and as the messages have it.
func googleSeconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}

func googleFailure(status int, code, message string) *failure {
	return &failure{status: status, kind: code, message: message, fields: googleFields}
}

// googleRefusal renders an error. Where the answer would have been an array, it is in one.
func googleRefusal(c *call, f failure) reply {
	b := c.scratch
	list := isList(c)
	if list {
		b = append(b, '[')
	}
	b = appendGoogleError(b, f)
	if list {
		b = append(b, "]\n"...)
	}
	return reply{status: f.status, content: googleJSON, fields: f.fields, body: c.keep(b)}
}

// isList reports whether a request is for a stream that is a JSON array.
func isList(c *call) bool {
	_, action := modelAndAction(c.path)
	return string(action) == "streamGenerateContent" && !c.wantsEvents()
}

func appendGoogleError(b []byte, f failure) []byte {
	b = append(b, `{"error":{"code":`...)
	b = strconv.AppendInt(b, int64(f.status), 10)
	b = append(b, `,"message":`...)
	b = appendText(b, f.message)
	b = append(b, `,"status":`...)
	b = appendText(b, f.kind)
	b = append(b, f.members...)
	return append(b, "}}"...)
}

// googleErrorEvent renders an error inside a stream: an event like any, or the last element of the array.
func googleErrorEvent(c *call, kind string) []byte {
	st := &step{verb: vError, word: kind}
	f := findGemini(st).render(c, st)
	m, ok := c.reply.stream.(*candidate)
	switch {
	case !ok || !m.list:
		return c.keep(append(appendGoogleError(append(c.scratch, "data: "...), f), "\r\n\r\n"...))
	case m.step.after == notGiven:
		return c.keep(append(appendGoogleError(append(c.scratch, '['), f), "\n]"...))
	}
	return c.keep(append(appendGoogleError(append(c.scratch, "\n,\r\n"...), f), "\n]"...))
}
