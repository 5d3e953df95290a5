package vertex

import (
	"net/http"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider. Quotas and access are by model, so most of what is refused is said of the model.
func (*Provider) Judge(want *provider.Intent, acc *account.Account, r *provider.Reply) provider.Verdict {
	e := read(want, r)
	v := judge(want, acc, r, &e)
	v.Outcome.Evidence = e.Evidence() + v.Outcome.Evidence
	v.RetryAfter, v.Status, v.Message, v.NeedsReencoding = e.Wait, e.Status, e.Text(), !e.Own
	return v
}

// read reads an error in Google's words, or in Claude's own.
func read(want *provider.Intent, r *provider.Reply) gemini.Problem {
	e := gemini.ReadProblem(r)
	if !isClaude(want) {
		return e
	}
	e.Own = false
	kind, message := gjson.GetBytes(r.Body, "error.type"), gjson.GetBytes(r.Body, "error.message")
	if gjson.ValidBytes(r.Body) && gjson.GetBytes(r.Body, "type").String() == "error" && kind.Type == gjson.String && message.Type == gjson.String {
		e.Own, e.Word, e.Message = true, kind.String(), message.String()
		if r.InStream {
			e.Status = statusOf(e.Word)
		}
	}
	return e
}

// statusOf is the status that an error inside one of Claude's streams would have had.
func statusOf(kind string) int {
	switch kind {
	case "overloaded_error":
		return http.StatusServiceUnavailable
	case "rate_limit_error":
		return http.StatusTooManyRequests
	case "authentication_error":
		return http.StatusUnauthorized
	case "permission_error":
		return http.StatusForbidden
	case "invalid_request_error", "request_too_large", "not_found_error":
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

func judge(want *provider.Intent, acc *account.Account, r *provider.Reply, e *gemini.Problem) provider.Verdict {
	switch e.Status {
	case http.StatusBadRequest:
		if e.Reason == "API_KEY_INVALID" {
			return provider.Stated(provider.Another(account.Denied, true))
		}
		return provider.Delivered()
	case http.StatusUnauthorized:
		return provider.CredentialRefused(acc)
	case http.StatusPaymentRequired:
		return provider.Another(account.Exhausted, true)
	case http.StatusForbidden:
		return forbidden(e)
	case http.StatusTooManyRequests:
		return limited(want, r, e)
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return notThere(want, e)
	case http.StatusServiceUnavailable, 529:
		return provider.Again()
	case http.StatusRequestTimeout, 499:
		return provider.Another(account.Failed, false)
	}
	if e.Status >= 500 {
		return provider.Another(account.Failed, false)
	}
	return provider.Delivered()
}

// explained is a verdict with a word to the operator behind what the upstream said.
func explained(v provider.Verdict, hint string) provider.Verdict {
	v.Outcome.Evidence = " (" + hint + ")"
	return v
}

func forbidden(e *gemini.Problem) provider.Verdict {
	denied := provider.Another(account.Denied, true)
	switch {
	case e.Page:
		return explained(provider.Another(account.Failed, true), "what stands before the provider refused the relay's address or the account's proxy, not the account")
	case e.Reason == "CONSUMER_SUSPENDED":
		return provider.Stated(provider.Another(account.Blocked, true))
	case e.Reason == "SERVICE_DISABLED":
		return explained(denied, "switch on the Vertex AI API in the account's project")
	case e.Reason == "BILLING_DISABLED":
		return explained(denied, "switch on billing for the account's project")
	case e.Reason == "IAM_PERMISSION_DENIED", e.Word == "PERMISSION_DENIED":
		return explained(denied, "does the service account have the role Vertex AI User in the account's project, and is the model switched on there?")
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
		v := provider.Another(account.Unsupported, false)
		v.Outcome.Service = want.Service
		return v
	case e.Own || e.Word != "":
		return explained(provider.Another(account.Unsupported, false), "is the model switched on in the account's project, and does its location have it?")
	}
	return provider.Another(account.Failed, false)
}
