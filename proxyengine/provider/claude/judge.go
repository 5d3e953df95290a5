package claude

import (
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider: the tables of protocols.md, A.8 to A.10.
func (p *Provider) Judge(want *provider.Intent, acc *account.Account, r *provider.Reply) provider.Verdict {
	e := anthropic.ReadProblem(r)
	if r.InStream && e.Name == "overloaded_error" && e.Status == http.StatusServiceUnavailable {
		e.Status = 529 // as Anthropic itself says it
	}
	v := e.Explain(p.judge(want, acc, r, &e))
	v.Outcome.Windows = p.Windows(r.Header, r.At)
	return v
}

func (p *Provider) judge(want *provider.Intent, acc *account.Account, r *provider.Reply, e *provider.Problem) provider.Verdict {
	switch {
	case r.Says(e.Message, "organization has been disabled"), r.Says(e.Message, "oauth authentication is currently not allowed"):
		return provider.Another(account.Blocked, true)
	case e.Status == http.StatusBadRequest && r.Says(e.Message, "credit balance is too low"):
		return provider.Another(account.Exhausted, true)
	case e.Status == http.StatusForbidden && e.Page:
		return provider.PageRefused()
	case e.Status == http.StatusTooManyRequests:
		return p.limited(want, acc, r, e)
	}
	switch e.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		if want.Service == anthropic.CountTokens { // endpoints that only speak messages
			return provider.NotServed(want)
		}
	}
	return provider.ByStatus(e.Status, acc)
}

// limited reads a 429 (protocols.md, A.10).
func (p *Provider) limited(want *provider.Intent, acc *account.Account, r *provider.Reply, e *provider.Problem) provider.Verdict {
	if e.Says("extra usage") || want.Background { // an entitlement that is missing, or a client's own small talk
		return provider.Delivered()
	}
	v := provider.Another(account.Exhausted, false)
	v.Outcome.Scope, v.Outcome.Until, v.Stated = p.reset(want, acc, r, e)
	if v.Outcome.Until.IsZero() {
		v.Outcome.Result = account.Throttled
	}
	return v
}

// reset tells what a 429 is about ("" for the whole account) and when it ends; zero when it does not say. It is stated where a limit is
// used up, so that no request is small enough.
func (p *Provider) reset(want *provider.Intent, acc *account.Account, r *provider.Reply, e *provider.Problem) (scope string, until time.Time, stated bool) {
	if gjson.GetBytes(r.Body, "error.details.error_code").String() == "enforced_spend_limit_reached" {
		return "", firstOfNextMonth(r.At), true
	}
	l := readLimits(r.Header)
	if until = l.latestRejected("5h", "7d"); !until.IsZero() {
		return "", until, true
	}
	if family := l.rejectedFamily(); family != "" {
		until = l.latestRejected("7d_" + family)
		if until.IsZero() {
			until = l.reset
		}
		if family == "oi" || family == "overage_included" {
			family = want.Family
		}
		return family, until, true
	}
	if !l.reset.IsZero() && l.status == rejected {
		return "", l.reset, true
	}
	if acc.Platform == Console && !e.Page { // an API key's limits are each model class's own
		scope = want.Family
	}
	if e.Wait > 0 {
		until = r.At.Add(e.Wait)
	}
	return scope, until, r.Header.Get("anthropic-ratelimit-requests-remaining") == "0"
}

func firstOfNextMonth(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}
