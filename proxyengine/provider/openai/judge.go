package openai

import (
	"net/http"
	"strings"
	"time"

	"crs/internal/account"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider: protocols.md, E.2 and E.4.
func (p *Provider) Judge(want *provider.Intent, acc *account.Account, r *provider.Reply) provider.Verdict {
	e := openai.ReadProblem(r)
	v := e.Explain(judge(want, acc, r, &e))
	v.Outcome.Windows, v.Message = p.Windows(r.Header, r.At), e.Text()
	return v
}

func judge(want *provider.Intent, acc *account.Account, r *provider.Reply, e *openai.Problem) provider.Verdict {
	switch {
	case e.Is("account_deactivated", "deactivated_workspace"):
		return provider.Stated(provider.Another(account.Blocked, true))
	case e.Is("usage_not_included"):
		return provider.WithHint(provider.Stated(provider.Another(account.Blocked, true)), "the account's plan does not include Codex")
	case e.Is("usage_limit_reached"):
		return exhausted(want, r, e)
	case e.Is("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"):
		return provider.Another(account.Exhausted, true)
	case e.Overloaded():
		return provider.Again()
	case (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) && r.Says(e.Message, "missing scopes"):
		v := provider.NotServed(want) // a key for other things
		v.Mask = true
		return v
	case e.Is("model_not_found") && e.Status == http.StatusForbidden, e.Says("not supported when using codex with a chatgpt account"):
		return provider.Another(account.Answered, false) // this account may not use the model; others may
	case e.Status == http.StatusForbidden && e.Page:
		return provider.PageRefused()
	}
	switch e.Status {
	case http.StatusTooManyRequests:
		return limited(want, acc, r, e)
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return notThere(want, e)
	case http.StatusRequestTimeout:
		return provider.Another(account.Failed, false)
	}
	return provider.ByStatus(e.Status, acc)
}

// exhausted is a plan's limit that has been reached. Some models have a limit of their own.
func exhausted(want *provider.Intent, r *provider.Reply, e *openai.Problem) provider.Verdict {
	v := provider.Stated(provider.Another(account.Exhausted, false))
	if v.Outcome.Until = e.ResetsAt; v.Outcome.Until.IsZero() {
		v.Outcome.Until = latestFull(readWindows(r.Header, r.At))
	}
	if strings.HasPrefix(strings.ToLower(r.Header.Get("x-codex-active-limit")), "codex_") {
		v.Outcome.Scope = want.Family
	}
	return v
}

// shortly is how long a request may itself wait for a limit to pass.
const shortly = 5 * time.Second

// limited reads a 429 that says nothing of a quota. Codex's passes in a moment: it is waited for, and the account does not
// rest. An API key's limits are each model's own.
func limited(want *provider.Intent, acc *account.Account, r *provider.Reply, e *openai.Problem) provider.Verdict {
	codex := acc.Platform == Subscription
	if codex && e.Is("rate_limit_exceeded") && e.Wait <= shortly {
		return provider.Again()
	}
	v := provider.Another(account.Throttled, false)
	v.Stated = openai.NothingLeft(r.Header)
	if e.Wait > 0 {
		v.Outcome.Until = r.At.Add(e.Wait)
	}
	if full := latestFull(readWindows(r.Header, r.At)); codex && !full.IsZero() && e.Wait == 0 {
		v.Outcome.Result, v.Outcome.Until = account.Exhausted, full
	}
	if !codex && !e.Page {
		v.Outcome.Scope = want.Family
	}
	return v
}

// notThere: the protocol's own words mean that what the request names is not there. Anything else means that the endpoint
// does not know the path; many only have chat completions.
func notThere(want *provider.Intent, e *openai.Problem) provider.Verdict {
	if e.Own && !e.Says("invalid url") && !e.Says("unknown request url") {
		return provider.Delivered()
	}
	if want.Service == openai.Chat {
		return provider.Another(account.Failed, false)
	}
	return provider.NotServed(want)
}
