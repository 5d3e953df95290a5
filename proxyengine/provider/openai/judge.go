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
	v := judge(want, acc, r, &e)
	v.Outcome.Windows = p.Windows(r.Header, r.At)
	if v.Outcome.Evidence == "" {
		v.Outcome.Evidence = e.Evidence()
	}
	v.RetryAfter, v.Status, v.Message, v.NeedsReencoding = e.Wait(r.Header), e.Status, e.Text(), !e.Own
	return v
}

func judge(want *provider.Intent, acc *account.Account, r *provider.Reply, e *openai.Problem) provider.Verdict {
	switch {
	case e.Is("account_deactivated", "deactivated_workspace"):
		return provider.Stated(provider.Another(account.Blocked, true))
	case e.Is("usage_not_included"):
		v := provider.Stated(provider.Another(account.Blocked, true))
		v.Outcome.Evidence = e.Evidence() + " (the account's plan does not include Codex)"
		return v
	case e.Is("usage_limit_reached"):
		return exhausted(want, r, e)
	case e.Is("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"), e.Status == http.StatusPaymentRequired:
		return provider.Another(account.Exhausted, true)
	case e.Overloaded(), e.Status == http.StatusServiceUnavailable, e.Status == 529:
		return provider.Again()
	case (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) && r.Says(e.Message, "missing scopes"):
		v := provider.Another(account.Unsupported, true) // a key for other things
		v.Outcome.Service = want.Service
		return v
	case e.Is("model_not_found") && e.Status == http.StatusForbidden, e.Says("not supported when using codex with a chatgpt account"):
		return provider.Another(account.Answered, false) // this account may not use the model; others may
	}
	switch e.Status {
	case http.StatusUnauthorized:
		return provider.CredentialRefused(acc)
	case http.StatusForbidden:
		return forbidden(e)
	case http.StatusTooManyRequests:
		return limited(want, acc, r, e)
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return notThere(want, e)
	case http.StatusRequestTimeout:
		return provider.Another(account.Failed, false)
	}
	if e.Status >= 500 {
		return provider.Another(account.Failed, false)
	}
	return provider.Delivered()
}

// forbidden: a web page comes from what stands before the provider. It refuses the relay's address, not the account.
func forbidden(e *openai.Problem) provider.Verdict {
	if !e.Page {
		return provider.Another(account.Denied, true)
	}
	v := provider.Another(account.Failed, true)
	v.Outcome.Evidence = e.Evidence() + " (what stands before the provider refused the relay's address or the account's proxy, not the account)"
	return v
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
	after := e.Wait(r.Header)
	codex := acc.Platform == Subscription
	if codex && e.Is("rate_limit_exceeded") && after <= shortly {
		return provider.Again()
	}
	v := provider.Another(account.Throttled, false)
	v.Stated = openai.NothingLeft(r.Header)
	if after > 0 {
		v.Outcome.Until = r.At.Add(after)
	}
	if full := latestFull(readWindows(r.Header, r.At)); codex && !full.IsZero() && after == 0 {
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
	v := provider.Another(account.Unsupported, false)
	v.Outcome.Service = want.Service
	return v
}
