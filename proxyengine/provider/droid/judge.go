package droid

import (
	"net/http"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider.
func (*Provider) Judge(want *provider.Intent, acc *account.Account, r *provider.Reply) provider.Verdict {
	e := read(want, r)
	v := e.Explain(judge(want, acc, &e))
	if v.Outcome.Result == account.Throttled && e.Wait > 0 {
		v.Outcome.Until = r.At.Add(e.Wait)
	}
	return v
}

// read reads an error in the words of the protocol that was asked in, or Factory's own, which are among those that gateways use.
func read(want *provider.Intent, r *provider.Reply) provider.Problem {
	if isAnthropic(want) {
		return anthropic.ReadProblem(r)
	}
	e := openai.ReadProblem(r)
	if r.InStream && e.Is("insufficient_quota", "billing_error") {
		e.Status = http.StatusPaymentRequired
	}
	return e.Problem
}

func judge(want *provider.Intent, acc *account.Account, e *provider.Problem) provider.Verdict {
	switch e.Status {
	case http.StatusForbidden:
		if e.Page {
			return provider.PageRefused()
		}
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		if want.Service == anthropic.CountTokens { // nobody promises that Factory counts
			return provider.NotServed(want)
		}
	}
	return provider.ByStatus(e.Status, acc)
}
