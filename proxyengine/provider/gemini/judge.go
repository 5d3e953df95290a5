package gemini

import (
	"net/http"
	"time"

	"crs/internal/account"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider (protocols.md, D.4). Quotas are by model, so most of what is used up is said of the
// model's family, not of the account.
func (p *Provider) Judge(want *provider.Intent, acc *account.Account, r *provider.Reply) provider.Verdict {
	e := gemini.ReadProblem(r)
	v := e.Explain(p.judge(want, acc, r, &e))
	v.Message = e.Text()
	return v
}

func (p *Provider) judge(want *provider.Intent, acc *account.Account, r *provider.Reply, e *gemini.Problem) provider.Verdict {
	switch e.Status {
	case http.StatusBadRequest:
		return invalid(r, e)
	case http.StatusForbidden:
		return forbidden(r, e)
	case http.StatusTooManyRequests:
		return p.limited(want, r, e)
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return notThere(want, acc, e)
	case http.StatusRequestTimeout, 499:
		return provider.Another(account.Failed, false)
	}
	return provider.ByStatus(e.Status, acc)
}

// invalid: a bad key is a bad request, to Google. So is a place from which it does not serve, which is the relay's or the
// account's proxy's.
func invalid(r *provider.Reply, e *gemini.Problem) provider.Verdict {
	switch {
	case e.Reason == "API_KEY_INVALID":
		return provider.Stated(provider.Another(account.Denied, true))
	case r.Says(e.Message, "api key not valid"), r.Says(e.Message, "api key expired"):
		return provider.Another(account.Denied, true)
	case r.Says(e.Message, "user location is not supported"), r.Says(e.Message, "free tier is not available in your country"):
		return provider.WithHint(provider.Another(account.Failed, false), "Google does not serve the relay's address, or that of the account's proxy")
	}
	return provider.Delivered()
}

func forbidden(r *provider.Reply, e *gemini.Problem) provider.Verdict {
	switch {
	case e.Page:
		return provider.PageRefused()
	case e.Says("permission to access the file"), e.Says("cachedcontent not found"), e.Says("permission to access tuned"):
		return provider.Another(account.Answered, false) // what the request names is another account's, or nobody's
	case e.Reason == "VALIDATION_REQUIRED":
		return provider.WithHint(provider.Stated(provider.Another(account.Blocked, true)), "the account's owner must open "+e.Link+" and then: crs account thaw")
	case e.Reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT", r.Says(e.Message, "insufficient authentication scopes"):
		return provider.Another(account.NeedsLogin, true)
	case e.Reason == "CONSUMER_SUSPENDED":
		return provider.Stated(provider.Another(account.Blocked, true))
	case r.Says(e.Message, "reported as leaked"):
		return provider.Another(account.Blocked, true)
	}
	return provider.Another(account.Denied, true)
}

// notThere: Google's own words mean that the model is not there. Which ones a Google login has depends on its plan, so
// another one may. Anything else means that the endpoint does not know the path.
func notThere(want *provider.Intent, acc *account.Account, e *gemini.Problem) provider.Verdict {
	switch {
	case e.Own && acc.Platform == Subscription:
		return provider.Another(account.Answered, false)
	case e.Own:
		return provider.Delivered()
	case generates(want):
		return provider.Another(account.Failed, false)
	}
	return provider.NotServed(want)
}

// long is a wait that is none for a moment, but for a quota.
const long = 5 * time.Minute

// limited reads a 429.
func (p *Provider) limited(want *provider.Intent, r *provider.Reply, e *gemini.Problem) provider.Verdict {
	v := provider.Another(account.Throttled, false)
	if len(e.Quotas) == 0 || e.Quota("PerModel") {
		v.Outcome.Scope = want.Family
	}
	if e.Page {
		v.Outcome.Scope = ""
	}
	if e.Wait > 0 {
		v.Outcome.Until = r.At.Add(e.Wait)
	}
	v.Stated = e.Quota("Requests") || e.Reason == "QUOTA_EXHAUSTED" || e.Reason == "INSUFFICIENT_G1_CREDITS_BALANCE"
	switch {
	case e.Reason == "MODEL_CAPACITY_EXHAUSTED":
		return provider.Again()
	case e.Says("limit: 0\n"), e.Says("limit: 0,"):
		v.Outcome = account.Outcome{Result: account.Unsupported} // the plan does not have this model
	case e.Quota("PerDay"), e.Quota("Daily"):
		v.Outcome.Result, v.Outcome.Until = account.Exhausted, p.midnight(r.At)
	case e.Reason == "QUOTA_EXHAUSTED", e.Reason == "INSUFFICIENT_G1_CREDITS_BALANCE", e.Wait > long:
		v.Outcome.Result = account.Exhausted
		if e.Resets.After(r.At) {
			v.Outcome.Until = e.Resets
		}
	case e.Reason == "RATE_LIMIT_EXCEEDED" && e.Wait == 0:
		v.Outcome.Until = r.At.Add(10 * time.Second)
	case e.Quota("PerMinute") && e.Wait == 0:
		v.Outcome.Until = r.At.Add(time.Minute)
	}
	return v
}

// midnight is when quotas by the day begin anew.
func (p *Provider) midnight(at time.Time) time.Time {
	at = at.In(p.zone)
	return time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, p.zone)
}
