package simulator

import (
	"math"
	"strconv"
	"time"
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

// anthropicFailure is one kind of error that the real one answers.
type anthropicFailure struct {
	status  int
	word    string // which kind, in scripts; the first of a status has none
	kind    string
	message string
	detail  string
	limit   limit         // of a 429
	reset   time.Duration // when that resets, by default
}

const expiredToken = "OAuth token has expired. Please obtain a new token or refresh your existing token."

var anthropicFailures = []anthropicFailure{
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

const exceeded = "This request would exceed your account's rate limit. Please try again later."

func (a *anthropic) failure(c *call, st *step) failure {
	af := findFailure(st)
	f := failure{status: af.status, kind: af.kind, message: af.message, detail: af.detail}
	if f.status == 401 && isAccessToken(c.credential) {
		f.message = expiredToken
	}
	f.fields = af.fields(c, st)
	return f
}

// findFailure finds what an error status, or an error event on a request that is no stream, is like.
func findFailure(st *step) anthropicFailure {
	var plain anthropicFailure
	for _, af := range anthropicFailures {
		switch {
		case st.verb == vError && af.kind == st.word && af.word == "":
			return af
		case st.verb == vStatus && af.status == st.status && af.word == st.word:
			return af
		case st.verb == vStatus && af.status == st.status && af.word == "":
			plain = af
		}
	}
	if plain.status != 0 {
		return plain // the word is another provider's
	}
	return anthropicFailure{status: 500, kind: st.word, message: "Simulated " + st.word}
}

// fields renders the rate limit fields of a failure.
func (af anthropicFailure) fields(c *call, st *step) []byte {
	in := af.reset
	if st.resetIn != 0 {
		in = st.resetIn
	}
	wait := in
	if st.retryIn != 0 {
		wait = st.retryIn
	}
	b := c.scratch
	if wait != 0 && af.limit != byNothing {
		b = appendField(b, "retry-after", strconv.FormatInt(int64(math.Ceil(wait.Seconds())), 10))
	}
	switch {
	case af.status != 429 || af.limit == byNothing:
	case af.limit != byRetryAfter:
		b = af.spent(c.at, in).appendFields(b)
	case !isAccessToken(c.credential):
		b = appendConsole(b, c.at, true)
	}
	return c.keep(b)
}

// spent is the state of a subscription that may not go on.
func (af anthropicFailure) spent(now time.Time, in time.Duration) plan {
	p := planOf(now, plain)
	full := window{"rejected", now.Add(in), 1}
	p.status, p.reset = full.status, full.reset
	switch af.limit {
	case byFiveHour:
		p.five = full
	case bySevenDay:
		p.claim, p.seven = "seven_day", full
	case byOverage:
		p.claim, p.family, p.extra = "seven_day_overage_included", "7d_oi", full
	case byFamily:
		p.claim = "seven_day_" + af.word
	}
	return p
}

func unauthorized(message string) *failure {
	return &failure{status: 401, kind: "authentication_error", message: message}
}

func invalidRequest(message string) *failure {
	return &failure{status: 400, kind: "invalid_request_error", message: message}
}

func (a *anthropic) refusal(c *call, f failure) reply {
	r := reply{status: f.status, content: jsonType}
	r.fields = c.keep(append(appendIdentity(c), f.fields...))
	b := append(c.scratch, `{"type":"error","error":{"type":`...)
	b = appendText(b, f.kind)
	b = append(b, `,"message":`...)
	b = appendText(b, f.message)
	if f.detail != "" {
		b = append(b, `,"details":{"error_code":`...)
		b = append(appendText(b, f.detail), '}')
	}
	b = append(b, `},"request_id":"`...)
	b = appendID(b, "req_", c.number)
	r.body = c.keep(append(b, `"}`...))
	return r
}

func (a *anthropic) errorEvent(c *call, kind string) []byte {
	f := findFailure(&step{verb: vError, word: kind})
	b := append(c.scratch, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"...)
	b = appendText(b, f.kind)
	b = append(b, `,"message":`...)
	b = appendText(b, f.message)
	return c.keep(append(b, "}}\n\n"...))
}
