package simulator

import (
	"math"
	"strconv"
	"time"
)

// oauthFailures are what token endpoints answer by script, whichever the vendor; each says it in its own shape.
var oauthFailures = []failure{
	{status: 400, kind: "invalid_grant", message: "The grant is invalid, expired or revoked."},
	{status: 401, kind: "invalid_client", message: "The client is not known."},
	{status: 403, kind: "access_denied", message: "Access was denied."},
	{status: 404, kind: "not_found", message: "Not found."},
	{status: 429, kind: "rate_limit_exceeded", message: "Too many requests."},
	{status: 500, kind: "server_error", message: "The server has an error."},
	{status: 503, kind: "temporarily_unavailable", message: "The service is temporarily unavailable."},
}

// throttled is how long a token endpoint that has had enough wants to be left alone.
const throttled = 30 * time.Second

// findOAuthFailure finds what a scripted status is at a token endpoint.
func findOAuthFailure(st *step) failure {
	for _, f := range oauthFailures {
		if f.status == st.status {
			return f
		}
	}
	if st.status == 0 { // an error event, but there is no stream
		return failure{status: 500, kind: "server_error", message: "Simulated " + st.word}
	}
	return failure{status: st.status, kind: "invalid_request", message: "The request failed."}
}

// oauthFailure is the same with its header lines.
func oauthFailure(c *call, st *step) failure {
	f := findOAuthFailure(st)
	wait := st.retryIn
	if wait == 0 && f.status == 429 {
		wait = throttled
	}
	if wait != 0 {
		f.fields = c.keep(appendField(c.scratch, "Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds())))))
	}
	return f
}

// noGrant is an answer to a request that is wrong.
func noGrant(status int, kind, message string) *failure {
	return &failure{status: status, kind: kind, message: message}
}

// plainRefusal renders an error as RFC 6749 has it, as Google and WorkOS do.
func plainRefusal(c *call, f failure) reply {
	b := append(c.scratch, `{"error":`...)
	b = appendText(b, f.kind)
	b = append(b, `,"error_description":`...)
	b = appendText(b, f.message)
	return reply{status: f.status, content: jsonType, fields: f.fields, body: c.keep(append(b, '}'))}
}

// secretly answers with JSON that no cache may keep.
func secretly(c *call, v claims) reply {
	return reply{
		status: 200, content: jsonType, fields: c.keep(append(c.scratch, "Cache-Control: no-store\r\nPragma: no-cache\r\n"...)),
		body: c.keep(append(c.scratch, v.json()...)),
	}
}
