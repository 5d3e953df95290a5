package vertex

import (
	"net/http"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider. Quotas and access are by model, so most of what is refused is said of the model.
func (*Provider) Judge(want *provider.Intent, acc *account.Account, r *provider.Reply) provider.Verdict {
	e := read(want, r)
	v := e.Explain(judge(want, acc, r, &e))
	v.Message = e.Text()
	return v
}

// read reads an error in Google's words, or in Claude's own.
func read(want *provider.Intent, r *provider.Reply) gemini.Problem {
	e := gemini.ReadProblem(r)
	if !isClaude(want) {
		return e
	}
	e.Own = false
	if own := anthropic.ReadProblem(r); own.Own {
		own.Wait = e.Wait
		e.Problem, e.Word = own, own.Name
	}
	return e
}

func judge(want *provider.Intent, acc *account.Account, r *provider.Reply, e *gemini.Problem) provider.Verdict {
	switch e.Status {
	case http.StatusBadRequest:
		if e.Reason == "API_KEY_INVALID" {
			return provider.Stated(provider.Another(account.Denied, true))
		}
	case http.StatusForbidden:
		return forbidden(e)
	case http.StatusTooManyRequests:
		return limited(want, r, e)
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return notThere(want, e)
	case http.StatusRequestTimeout, 499:
		return provider.Another(account.Failed, false)
	}
	return provider.ByStatus(e.Status, acc)
}

func forbidden(e *gemini.Problem) provider.Verdict {
	denied := provider.Another(account.Denied, true)
	switch {
	case e.Page:
		return provider.PageRefused()
	case e.Reason == "CONSUMER_SUSPENDED":
		return provider.Stated(provider.Another(account.Blocked, true))
	case e.Reason == "SERVICE_DISABLED":
		return provider.WithHint(denied, "switch on the Vertex AI API in the account's project")
	case e.Reason == "BILLING_DISABLED":
		return provider.WithHint(denied, "switch on billing for the account's project")
	case e.Reason == "IAM_PERMISSION_DENIED", e.Word == "PERMISSION_DENIED":
		return provider.WithHint(denied, "does the service account have the role Vertex AI User in the account's project, and is the model switched on there?")
	}
	return denied
}

// limited: quotas are by model.
func limited(want *provider.Intent, r *provider.Reply, e *gemini.Problem) provider.Verdict {
	v := provider.Another(account.Throttled, false)
	if !e.Page {
		v.Outcome.Model = want.Model
	}
	if e.Wait > 0 {
		v.Outcome.Until = r.At.Add(e.Wait)
	}
	return v
}

// notThere: a model that the project has not switched on, or that its location does not have, is not found. A page means that the
// address is no Vertex.
func notThere(want *provider.Intent, e *gemini.Problem) provider.Verdict {
	switch {
	case want.Service == anthropic.CountTokens, want.Service == gemini.Count:
		return provider.NotServed(want)
	case e.Own || e.Word != "":
		return provider.WithHint(provider.Another(account.Unsupported, false), "is the model switched on in the account's project, and does its location have it?")
	}
	return provider.Another(account.Failed, false)
}
