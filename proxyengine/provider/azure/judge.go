package azure

import (
	"net/http"
	"time"

	"crs/internal/account"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider: protocols.md, F.
func (*Provider) Judge(want *provider.Intent, _ *account.Account, r *provider.Reply) provider.Verdict {
	e := openai.ReadProblem(r)
	after := e.Wait(r.Header)
	v := judge(want, r.At, &e, after)
	v.Stated = e.Status == http.StatusTooManyRequests && openai.NothingLeft(r.Header)
	if v.Outcome.Evidence == "" {
		v.Outcome.Evidence = e.Evidence()
	}
	v.RetryAfter, v.Status, v.Message, v.NeedsReencoding = after, e.Status, e.Text(), !e.Own
	return v
}

func judge(want *provider.Intent, at time.Time, e *openai.Problem, after time.Duration) provider.Verdict {
	switch {
	case e.Is("DeploymentNotFound"):
		return provider.Another(account.Unsupported, false)
	case e.Is("insufficient_quota"), e.Status == http.StatusPaymentRequired:
		return provider.Another(account.Exhausted, true)
	case e.Overloaded(), e.Status == http.StatusServiceUnavailable, e.Status == 529: // 529 is what gateways pass on
		return provider.Again()
	}
	switch e.Status {
	case http.StatusUnauthorized:
		return provider.Another(account.Denied, true)
	case http.StatusForbidden:
		return forbidden(e)
	case http.StatusTooManyRequests:
		return limited(want, at, after)
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return notThere(want, e)
	case http.StatusRequestTimeout, http.StatusFailedDependency:
		return provider.Another(account.Failed, false)
	}
	if e.Status >= 500 {
		return provider.Another(account.Failed, false)
	}
	return provider.Delivered()
}

// forbidden: a web page comes from what stands before Azure, and says nothing of the account.
func forbidden(e *openai.Problem) provider.Verdict {
	if e.Page {
		return provider.Another(account.Failed, true)
	}
	return provider.Another(account.Denied, true)
}

// longest is what a limit by the minute may ask to wait; beyond it a quota is used up.
const longest = time.Hour

// limited: every deployment has a limit of its own.
func limited(want *provider.Intent, at time.Time, after time.Duration) provider.Verdict {
	v := provider.Another(account.Throttled, false)
	if v.Outcome.Scope = want.Family; after > 0 {
		v.Outcome.Until = at.Add(after)
	}
	if after > longest {
		v.Outcome.Result = account.Exhausted
	}
	return v
}

// notThere: "Resource not found" is a path that the resource does not know; most do not have every service. Anything else
// is what the request itself names, such as an earlier response.
func notThere(want *provider.Intent, e *openai.Problem) provider.Verdict {
	switch {
	case e.Own && e.Code != "404" && !e.Says("resource not found"):
		return provider.Delivered()
	case want.Service == openai.Chat:
		return provider.Another(account.Failed, false)
	}
	v := provider.Another(account.Unsupported, false)
	v.Outcome.Service = want.Service
	return v
}
