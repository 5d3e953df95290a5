package anthropic

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"crs/proxyengine/provider"
)

// ReadProblem reads an answer that is no success: an error in the protocol's words, or what a gateway says.
func ReadProblem(r *provider.Reply) provider.Problem {
	p := provider.Problem{Status: r.Status, Page: r.Page(), Wait: provider.RetryAfter(r.Header)}
	doc := gjson.ParseBytes(r.Body)
	e := doc.Get("error")
	kind, message := e.Get("type"), e.Get("message")
	p.Own = gjson.ValidBytes(r.Body) && doc.Get("type").String() == "error" && kind.Type == gjson.String && message.Type == gjson.String
	p.Name, p.Message = kind.String(), message.String()
	if e.Type == gjson.String {
		p.Message = e.String()
	}
	p.Message = cmp.Or(p.Message, textOf(doc.Get("message")), textOf(doc.Get("detail")))
	if r.InStream {
		p.Status = statusOf(&p)
	}
	return p
}

func textOf(v gjson.Result) string {
	if v.Type != gjson.String {
		return ""
	}
	return v.String()
}

// statusOf is the status that an error inside a stream would have had.
func statusOf(p *provider.Problem) int {
	if strings.Contains(strings.ToLower(p.Message), "exceed your account's rate limit") {
		return http.StatusTooManyRequests
	}
	known := map[string]int{
		"overloaded_error": 503, "rate_limit_error": 429, "authentication_error": 401, "permission_error": 403, "billing_error": 402,
		"invalid_request_error": 400, "request_too_large": 400, "not_found_error": 400, "timeout_error": 504,
	}[p.Name]
	return cmp.Or(known, http.StatusInternalServerError)
}
