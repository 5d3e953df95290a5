package login

import (
	"time"

	"crs/lab/simulator/provider"
)

// endpoints are a vendor's, with errors as RFC 6749 has them.
type endpoints struct{ provider.Routes }

// tokenEndpoint gives tokens for a grant. Errors of its own have a shape of their own, so admission only finds out whose token
// is to be refreshed.
func tokenEndpoint(g *Grants, read func(*provider.Call) (Request, bool), answer func(*provider.Call, *provider.Step) provider.Reply) *provider.Endpoint {
	return &provider.Endpoint{Answer: answer, Admit: func(c *provider.Call) *provider.Failure {
		if t, ok := read(c); ok {
			c.Credential, c.Account = t["refresh_token"], g.Whose(t["refresh_token"])
		}
		return nil
	}}
}

// failures are what token endpoints answer by script, whichever the vendor; each says it in its own shape.
func failures() []provider.Failure {
	return []provider.Failure{
		{Status: 400, Kind: "invalid_grant", Message: "The grant is invalid, expired or revoked."},
		{Status: 401, Kind: "invalid_client", Message: "The client is not known."},
		{Status: 403, Kind: "access_denied", Message: "Access was denied."},
		{Status: 404, Kind: "not_found", Message: "Not found."},
		{Status: 429, Kind: "rate_limit_exceeded", Message: "Too many requests."},
		{Status: 500, Kind: "server_error", Message: "The server has an error."},
		{Status: 503, Kind: "temporarily_unavailable", Message: "The service is temporarily unavailable."},
	}
}

// throttled is how long a token endpoint that has had enough wants to be left alone.
const throttled = 30 * time.Second

// findFailure finds what a scripted status is at a token endpoint.
func findFailure(st *provider.Step) provider.Failure {
	for _, f := range failures() {
		if f.Status == st.Status {
			return f
		}
	}
	if st.Status == 0 { // an error event, but there is no stream
		return provider.Failure{Status: 500, Kind: "server_error", Message: "Simulated " + st.Word}
	}
	return provider.Failure{Status: st.Status, Kind: "invalid_request", Message: "The request failed."}
}

// Failure is what a scripted status is, with its header lines.
func (endpoints) Failure(_ *provider.Call, st *provider.Step) provider.Failure {
	f, wait := findFailure(st), st.RetryIn
	if wait == 0 && f.Status == 429 {
		wait = throttled
	}
	if wait != 0 {
		f.Header = provider.IntField("Retry-After", provider.Seconds(wait))
	}
	return f
}

// Refusal renders an error.
func (endpoints) Refusal(_ *provider.Call, f provider.Failure) provider.Reply {
	body := provider.Object("error", f.Kind, "error_description", f.Message)
	return provider.Reply{Status: f.Status, Content: provider.JSONType, Header: f.Header, Body: body}
}

// noGrant is an answer to a request that is wrong.
func noGrant(status int, kind, message string) *provider.Failure {
	return &provider.Failure{Status: status, Kind: kind, Message: message}
}

// secretly answers with JSON that no cache may keep.
func secretly(said claims) provider.Reply {
	return provider.Answered("Cache-Control: no-store\r\nPragma: no-cache\r\n", provider.JSON(said))
}
