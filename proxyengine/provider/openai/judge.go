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
	v.RetryAfter, v.Status, v.Message, v.Foreign = e.Wait(r.Header), e.Status, e.Text(), !e.Own
	return v
}

func judge(want *provider.Intent, acc *account.Account, r *provider.Reply, e *openai.Problem) provider.Verdict {
	switch {
	case e.Is("account_deactivated", "deactivated_workspace"):
		return stated(another(account.Blocked, true))
	case e.Is("usage_not_included"):
		v := stated(another(account.Blocked, true))
		v.Outcome.Evidence = e.Evidence() + " (the account's plan does not include Codex)"
		return v
	case e.Is("usage_limit_reached"):
		return exhausted(want, r, e)
	case e.Is("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"), e.Status == http.StatusPaymentRequired:
		return another(account.Exhausted, true)
	case e.Overloaded(), e.Status == http.StatusServiceUnavailable, e.Status == 529:
		return again()
	case (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) && r.Says(e.Message, "missing scopes"):
		v := another(account.Unsupported, true) // a key for other things
		v.Outcome.Service = want.Service
		return v
	case e.Is("model_not_found") && e.Status == http.StatusForbidden, e.Says("not supported when using codex with a chatgpt account"):
		return another(account.Answered, false) // this account may not use the model; others may
	}
	switch e.Status {
	case http.StatusUnauthorized:
		return unauthorized(acc)
	case http.StatusForbidden:
		return forbidden(e)
	case http.StatusTooManyRequests:
		return limited(want, acc, r, e)
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return notThere(want, e)
	case http.StatusRequestTimeout:
		return another(account.Failed, false)
	}
	if e.Status >= 500 {
		return another(account.Failed, false)
	}
	return deliver()
}

func deliver() provider.Verdict {
	return provider.Verdict{Next: provider.Deliver, Outcome: account.Outcome{Result: account.Answered}}
}

func another(r account.Result, conceal bool) provider.Verdict {
	return provider.Verdict{Next: provider.TryAnother, Outcome: account.Outcome{Result: r}, Conceal: conceal}
}

// stated marks what the upstream's own code says.
func stated(v provider.Verdict) provider.Verdict {
	v.Stated = true
	return v
}

func again() provider.Verdict {
	return provider.Verdict{Next: provider.TryAgain, Outcome: account.Outcome{Result: account.Overloaded}}
}

// unauthorized: a token may only have ended; a key that is refused is refused.
func unauthorized(acc *account.Account) provider.Verdict {
	v := another(account.Denied, true)
	if !acc.Credential.Refresh.Empty() {
		v.Next = provider.Renew
	}
	return v
}

// forbidden: a web page comes from what stands before the provider. It refuses the relay's address, not the account.
func forbidden(e *openai.Problem) provider.Verdict {
	if !e.Page {
		return another(account.Denied, true)
	}
	v := another(account.Failed, true)
	v.Outcome.Evidence = e.Evidence() + " (what stands before the provider refused the relay's address or the account's proxy, not the account)"
	return v
}

// exhausted is a plan's limit that has been reached. Some models have a limit of their own.
func exhausted(want *provider.Intent, r *provider.Reply, e *openai.Problem) provider.Verdict {
	v := stated(another(account.Exhausted, false))
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
		return again()
	}
	v := another(account.Throttled, false)
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
		return deliver()
	}
	if want.Service == openai.Chat {
		return another(account.Failed, false)
	}
	v := another(account.Unsupported, false)
	v.Outcome.Service = want.Service
	return v
}
