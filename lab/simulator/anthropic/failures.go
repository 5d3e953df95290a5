package anthropic

import (
	"time"

	"crs/lab/simulator/provider"
)

// limit is which rate limit a 429 tells of, and how.
type limit int

const (
	byRetryAfter limit = iota
	byNothing
	byStatus
	byFiveHour
	bySevenDay
	byOverage
	byFamily
)

// failure is one kind of error that the real one answers.
type failure struct {
	status  int
	word    string // which kind, in scripts; the first of a status has none
	kind    string
	message string
	detail  string
	limit   limit         // of a 429
	reset   time.Duration // when that resets, by default
}

const expiredToken = "OAuth token has expired. Please obtain a new token or refresh your existing token."

// failures are the kinds there are.
func failures() []failure {
	return []failure{
		{status: 400, kind: "invalid_request_error", message: "messages.0.content: Input should be a valid list"},
		{status: 400, word: "credit", kind: "invalid_request_error", message: "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."},
		{status: 400, word: "long", kind: "invalid_request_error", message: "prompt is too long: 213462 tokens > 200000 maximum"},
		{status: 400, word: "claude-code", kind: "invalid_request_error", message: "This credential is only authorized for use with Claude Code and cannot be used for other API requests."},
		{status: 400, word: "third-party", kind: "invalid_request_error", message: "Third-party apps now draw from your extra usage, not your plan limits."},
		{status: 400, word: "disabled", kind: "invalid_request_error", message: "This organization has been disabled."},
		{status: 401, kind: "authentication_error", message: "invalid x-api-key"},
		{status: 402, kind: "billing_error", message: "There is an issue with your billing or payment information."},
		{status: 403, kind: "permission_error", message: "Your API key does not have permission to use the specified resource."},
		{status: 403, word: "banned", kind: "permission_error", message: "Your organization has been disabled."},
		{status: 403, word: "oauth", kind: "permission_error", message: "OAuth authentication is currently not allowed for this organization."},
		{status: 404, kind: "not_found_error", message: "Not found"},
		{status: 409, kind: "conflict_error", message: "The resource was changed by another request."},
		{status: 413, kind: "request_too_large", message: "Request exceeds the maximum size"},
		{status: 422, kind: "invalid_request_error", message: "The request could not be processed."},
		{status: 429, kind: "rate_limit_error", message: exceeded, limit: byRetryAfter, reset: time.Minute},
		{status: 429, word: "5h", kind: "rate_limit_error", message: exceeded, limit: byFiveHour, reset: time.Hour},
		{status: 429, word: "7d", kind: "rate_limit_error", message: exceeded, limit: bySevenDay, reset: 24 * time.Hour},
		{status: 429, word: "7d_oi", kind: "rate_limit_error", message: exceeded, limit: byOverage, reset: 24 * time.Hour},
		{status: 429, word: "opus", kind: "rate_limit_error", message: exceeded, limit: byFamily, reset: 24 * time.Hour},
		{status: 429, word: "sonnet", kind: "rate_limit_error", message: exceeded, limit: byFamily, reset: 24 * time.Hour},
		{status: 429, word: "unified", kind: "rate_limit_error", message: exceeded, limit: byStatus, reset: time.Minute},
		{status: 429, word: "bare", kind: "rate_limit_error", message: "Error", limit: byNothing},
		{status: 429, word: "extra", kind: "rate_limit_error", message: "Extra usage is required for long context requests.", limit: byNothing},
		{status: 429, word: "spend", kind: "rate_limit_error", message: "You have reached your organization's monthly spend limit.", detail: "enforced_spend_limit_reached", limit: byNothing},
		{status: 500, kind: "api_error", message: "Internal server error"},
		{status: 503, kind: "api_error", message: "Service is temporarily unavailable"},
		{status: 504, kind: "timeout_error", message: "The request timed out"},
		{status: 529, kind: "overloaded_error", message: "Overloaded"},
	}
}

const exceeded = "This request would exceed your account's rate limit. Please try again later."

func (f failure) named() provider.Kind { return provider.Kind{Status: f.status, Word: f.word} }

// Kinds are the kinds of errors that scripts can name.
func Kinds() []provider.Kind { return provider.Kinds(failure.named, failures()) }

// Failure is what an error status is like, or an error event on a request that is no stream.
func (a *API) Failure(c *provider.Call, st *provider.Step) provider.Failure {
	f := find(st)
	message := f.message
	if f.status == 401 && isAccessToken(c.Credential) {
		message = expiredToken
	}
	return provider.Failure{Status: f.status, Kind: f.kind, Message: message, Detail: f.detail, Header: f.header(c, st)}
}

func find(st *provider.Step) failure {
	if st.Verb == provider.DoStatus {
		if f, found := provider.Choose(st, failure.named, failures()); found {
			return f
		}
	}
	for _, f := range failures() {
		if st.Verb == provider.DoError && f.kind == st.Word && f.word == "" {
			return f
		}
	}
	return failure{status: 500, kind: st.Word, message: "Simulated " + st.Word}
}

// header renders the rate limit fields of a failure.
func (f failure) header(c *provider.Call, st *provider.Step) string {
	in := f.reset
	if st.ResetIn != 0 {
		in = st.ResetIn
	}
	wait := in
	if st.RetryIn != 0 {
		wait = st.RetryIn
	}
	retry := ""
	if wait != 0 && f.limit != byNothing {
		retry = provider.IntField("retry-after", provider.Seconds(wait))
	}
	switch {
	case f.status != 429 || f.limit == byNothing:
		return retry
	case f.limit != byRetryAfter:
		return retry + planFields(f.spent(c.At, in))
	case !isAccessToken(c.Credential):
		return retry + consoleFields(c.At, true)
	}
	return retry
}

// spent is the state of a subscription that may not go on.
func (f failure) spent(now time.Time, in time.Duration) provider.Plan {
	p := provider.PlanOf(now, provider.Plain())
	full := provider.SpentWindow(now.Add(in))
	p.Status, p.Reset = full.Status, full.Reset
	switch f.limit {
	case byFiveHour:
		p.Five = full
	case bySevenDay:
		p.Claim, p.Seven = "seven_day", full
	case byOverage:
		p.Claim, p.Family, p.Extra = "seven_day_overage_included", "7d_oi", full
	case byFamily:
		p.Claim = "seven_day_" + f.word
	}
	return p
}

func unauthorized(message string) *provider.Failure {
	return &provider.Failure{Status: 401, Kind: "authentication_error", Message: message}
}

// Invalid is the answer to a request that is wrong.
func Invalid(message string) *provider.Failure {
	return &provider.Failure{Status: 400, Kind: "invalid_request_error", Message: message}
}

// Refusal renders an error.
func (a *API) Refusal(c *provider.Call, f provider.Failure) provider.Reply {
	details := provider.If(f.Detail != "", provider.Object("error_code", f.Detail))
	body := provider.Object(
		"type", "error", "error", provider.Object("type", f.Kind, "message", f.Message, "details", details), "request_id", c.ID("req_"))
	return provider.Reply{Status: f.Status, Content: provider.JSONType, Header: identity(c) + f.Header, Body: body}
}

// trouble renders an error inside a stream.
func trouble(kind string) []byte {
	f := find(&provider.Step{Verb: provider.DoError, Word: kind})
	return provider.SSE("error", provider.Object("type", "error", "error", provider.Object("type", f.kind, "message", f.message)))
}
