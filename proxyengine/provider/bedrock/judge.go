package bedrock

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider (protocols.md, C.6). Quotas and access at Bedrock are by model, so most of what it
// refuses is said of the model, not of the account nor of the model's family: clients may ask for any name.
func (p *Provider) Judge(want *provider.Intent, acc *account.Account, r *provider.Reply) provider.Verdict {
	a := read(r)
	v := judge(want, acc, a)
	if v.Outcome.Evidence == "" {
		v.Outcome.Evidence = hint(a, acc)
	}
	if v.Outcome.Until.IsZero() && a.Wait > 0 && v.Outcome.Result == account.Throttled {
		v.Outcome.Until = r.At.Add(a.Wait)
	}
	v.Stated = a.named(unknown...) && r.Header.Get("x-amzn-errortype") != ""
	return a.Explain(v)
}

// answer is what an error says. Its name is ThrottlingException, or Anthropic's rate_limit_error: it is in Anthropic's words in a
// stream, or from a gateway before Bedrock.
type answer struct{ provider.Problem }

func read(r *provider.Reply) *answer {
	a := &answer{anthropic.ReadProblem(r)}
	if a.Own {
		return a
	}
	doc := gjson.ParseBytes(r.Body)
	a.Message = cmp.Or(doc.Get("message").String(), doc.Get("Message").String())
	kind := doc.Get("__type").String()
	a.Name, _, _ = strings.Cut(cmp.Or(r.Header.Get("x-amzn-errortype"), kind[strings.LastIndexByte(kind, '#')+1:]), ":")
	return a
}

// errorType is Anthropic's word for an exception of Bedrock's (protocols.md, C.5).
func errorType(code string) string {
	switch code = strings.ToLower(code); {
	case strings.HasPrefix(code, "throttling"), strings.HasPrefix(code, "toomanyrequests"):
		return "rate_limit_error"
	case strings.HasPrefix(code, "serviceunavailable"), strings.HasPrefix(code, "modeltimeout"):
		return "overloaded_error"
	case strings.HasPrefix(code, "validation"):
		return "invalid_request_error"
	case strings.HasPrefix(code, "accessdenied"):
		return "permission_error"
	}
	return "api_error"
}

func judge(want *provider.Intent, acc *account.Account, a *answer) provider.Verdict {
	switch a.Status {
	case http.StatusTooManyRequests:
		return throttled(want, a)
	case http.StatusUnauthorized:
		return refused(a)
	case http.StatusForbidden:
		if a.Page {
			return provider.PageRefused()
		}
		return refused(a)
	case http.StatusBadRequest, http.StatusNotFound:
		return invalid(want, a)
	case http.StatusFailedDependency, http.StatusRequestTimeout:
		return provider.Again()
	}
	if a.Status >= 500 {
		return provider.Again()
	}
	return provider.ByStatus(a.Status, acc)
}

// ofModel is the verdict on what is said of one model.
func ofModel(r account.Result, want *provider.Intent) provider.Verdict {
	v := provider.Another(r, false)
	v.Outcome.Model = want.Model
	return v
}

// throttled: a model that is still being made ready is nobody's quota.
func throttled(want *provider.Intent, a *answer) provider.Verdict {
	switch {
	case a.named("ModelNotReady"):
		return provider.Again()
	case a.Says("per day"):
		return ofModel(account.Exhausted, want)
	}
	return ofModel(account.Throttled, want)
}

// refused is the account's fault: its keys are no good, or they do not open this model.
func refused(a *answer) provider.Verdict {
	if a.named("AccessDenied") && (a.Says("access to the model") || a.Says("model access") || a.Says("on resource:")) {
		return provider.Another(account.Unsupported, true)
	}
	return provider.Another(account.Denied, true)
}

// invalid is the client's fault, but for what says that the account's region or profile does not have the model.
func invalid(want *provider.Intent, a *answer) provider.Verdict {
	switch {
	case a.named("ServiceQuotaExceeded"):
		return ofModel(account.Exhausted, want)
	case a.credential():
		return refused(a)
	case want.Service == anthropic.CountTokens && (a.Status == http.StatusNotFound || a.Says("counting tokens")):
		return provider.NotServed(want)
	case a.named("ResourceNotFound"), a.modelMissing():
		return provider.Another(account.Unsupported, false)
	}
	return provider.Delivered()
}

func (a *answer) modelMissing() bool {
	return a.Says("model identifier is invalid") || a.Says("with on-demand throughput isn")
}

// named reports whether the error's name begins with one of those.
func (a *answer) named(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(a.Name, name) })
}

// unknown are what keys are called that are none of anybody's, or none any more. A signature depends on the request, too.
var unknown = []string{"ExpiredToken", "UnrecognizedClient", "InvalidClientTokenId"}

// credential reports whether the keys, their signature or its time were refused.
func (a *answer) credential() bool {
	return a.named(unknown...) || a.named("InvalidSignature", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed", "MissingAuthenticationToken", "IncompleteSignature")
}

// hint is what the operator can do about it.
func hint(a *answer, acc *account.Account) string {
	switch {
	case a.named("ExpiredToken"):
		return " (the session token has ended: give the account new keys, or ones that do not end)"
	case a.credential():
		return " (are the keys right, and is this machine's clock? a signature is good for five minutes)"
	case a.modelMissing(), a.Says("access to the model"):
		return fmt.Sprintf(" (is the model switched on for the account in region %s, and is its geo right?)", acc.Options["region"])
	}
	return ""
}
