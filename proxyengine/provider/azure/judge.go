package azure

import (
	"net/http"
	"time"

	"crs/internal/account"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider: protocols.md, F.
func (*Provider) Judge(want *provider.Intent, acc *account.Account, r *provider.Reply) provider.Verdict {
	e := openai.ReadProblem(r)
	v := e.Explain(judge(want, acc, r.At, &e))
	v.Stated = e.Status == http.StatusTooManyRequests && openai.NothingLeft(r.Header)
	v.Message = e.Text()
	return v
}

func judge(want *provider.Intent, acc *account.Account, at time.Time, e *openai.Problem) provider.Verdict {
	switch {
	case e.Is("DeploymentNotFound"):
		return provider.Another(account.Unsupported, false)
	case e.Is("insufficient_quota"):
		return provider.Another(account.Exhausted, true)
	case e.Overloaded():
		return provider.Again()
	}
	switch e.Status {
	case http.StatusForbidden:
		if e.Page {
			return provider.PageRefused()
		}
	case http.StatusTooManyRequests:
		return limited(want, at, e.Wait)
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return notThere(want, e)
	case http.StatusRequestTimeout, http.StatusFailedDependency:
		return provider.Another(account.Failed, false)
	}
	return provider.ByStatus(e.Status, acc)
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
	return provider.NotServed(want)
}
