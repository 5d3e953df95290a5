package bedrock

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider (protocols.md, C.6). Quotas and access at Bedrock are by model, so most of what it
// refuses is said of the model, not of the account nor of the model's family: clients may ask for any name.
func (p *Provider) Judge(want *provider.Intent, acc *account.Account, r *provider.Reply) provider.Verdict {
	a := read(r)
	v := judge(want, a)
	if a.status == http.StatusForbidden && r.Page() { // it is what stands before Bedrock that refuses, and not the account
		v.Outcome = account.Outcome{Result: account.Failed}
	}
	if v.Outcome.Until.IsZero() && v.RetryAfter > 0 && v.Outcome.Result == account.Throttled {
		v.Outcome.Until = r.At.Add(v.RetryAfter)
	}
	v.Stated = a.unknown() && r.Header.Get("x-amzn-errortype") != ""
	v.Status, v.Message, v.NeedsReencoding = a.status, a.message, !a.native
	v.Outcome.Evidence = a.evidence() + hint(a, acc)
	return v
}

// answer is what an error says.
type answer struct {
	status     int
	kind       string // ThrottlingException, or Anthropic's rate_limit_error
	message    string
	retryAfter time.Duration
	native     bool // it is in Anthropic's words: in a stream, or from a gateway before Bedrock
}

func read(r *provider.Reply) answer {
	a := answer{status: r.Status, kind: r.Header.Get("x-amzn-errortype")}
	if seconds, err := strconv.ParseInt(r.Header.Get("retry-after"), 10, 32); err == nil && seconds > 0 {
		a.retryAfter = time.Duration(seconds) * time.Second
	}
	doc := gjson.ParseBytes(r.Body)
	kind, message := doc.Get("error.type"), doc.Get("error.message")
	a.native = gjson.ValidBytes(r.Body) && doc.Get("type").String() == "error" && kind.Type == gjson.String && message.Type == gjson.String
	if a.native {
		a.kind, a.message = kind.String(), message.String()
	} else {
		a.message = cmp.Or(doc.Get("message").String(), doc.Get("Message").String())
	}
	if r.InStream {
		a.status = statusOf(a.kind)
	}
	if a.kind == "" {
		a.kind = doc.Get("__type").String()
		a.kind = a.kind[strings.LastIndexByte(a.kind, '#')+1:]
	}
	a.kind, _, _ = strings.Cut(a.kind, ":")
	return a
}

// statusOf is the status that an error inside a stream would have had.
func statusOf(kind string) int {
	switch kind {
	case "rate_limit_error":
		return http.StatusTooManyRequests
	case "overloaded_error":
		return http.StatusServiceUnavailable
	case "invalid_request_error":
		return http.StatusBadRequest
	case "permission_error":
		return http.StatusForbidden
	}
	return http.StatusInternalServerError
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

func judge(want *provider.Intent, a answer) provider.Verdict {
	switch a.status {
	case http.StatusTooManyRequests:
		return throttled(want, a)
	case http.StatusUnauthorized, http.StatusForbidden:
		return refused(want, a)
	case http.StatusPaymentRequired:
		v := another(account.Exhausted, a)
		v.Mask = true
		return v
	case http.StatusBadRequest, http.StatusNotFound:
		return invalid(want, a)
	case http.StatusFailedDependency, http.StatusRequestTimeout:
		return inTrouble(a)
	}
	if a.status >= 500 {
		return inTrouble(a)
	}
	return provider.Delivered()
}

func another(r account.Result, a answer) provider.Verdict {
	return provider.Verdict{Next: provider.TryAnother, Outcome: account.Outcome{Result: r}, RetryAfter: a.retryAfter}
}

// ofModel is the same for what is said of one model.
func ofModel(r account.Result, want *provider.Intent, a answer) provider.Verdict {
	v := another(r, a)
	v.Outcome.Model = want.Model
	return v
}

func inTrouble(a answer) provider.Verdict {
	return provider.Verdict{Next: provider.TryAgain, Outcome: account.Outcome{Result: account.Overloaded}, RetryAfter: a.retryAfter}
}

// throttled: a model that is still being made ready is nobody's quota.
func throttled(want *provider.Intent, a answer) provider.Verdict {
	switch {
	case strings.HasPrefix(a.kind, "ModelNotReady"):
		return inTrouble(a)
	case a.says("per day"):
		return ofModel(account.Exhausted, want, a)
	}
	return ofModel(account.Throttled, want, a)
}

// refused is the account's fault: its keys are no good, or they do not open this model.
func refused(want *provider.Intent, a answer) provider.Verdict {
	v := another(account.Denied, a)
	if strings.HasPrefix(a.kind, "AccessDenied") && (a.says("access to the model") || a.says("model access") || a.says("on resource:")) {
		v = another(account.Unsupported, a)
	}
	v.Mask = true
	return v
}

// invalid is the client's fault, but for what says that the account's region or profile does not have the model.
func invalid(want *provider.Intent, a answer) provider.Verdict {
	switch {
	case strings.HasPrefix(a.kind, "ServiceQuotaExceeded"):
		return ofModel(account.Exhausted, want, a)
	case a.credential():
		return refused(want, a)
	case want.Service == anthropic.CountTokens && (a.status == http.StatusNotFound || a.says("counting tokens")):
		v := another(account.Unsupported, a)
		v.Outcome.Service = want.Service
		return v
	case strings.HasPrefix(a.kind, "ResourceNotFound"), a.modelMissing():
		return another(account.Unsupported, a)
	}
	return provider.Delivered()
}

func (a answer) says(text string) bool { return strings.Contains(strings.ToLower(a.message), text) }

func (a answer) modelMissing() bool {
	return a.says("model identifier is invalid") || a.says("with on-demand throughput isn")
}

// credential reports whether the keys, their signature or its time were refused.
func (a answer) credential() bool {
	for _, kind := range []string{
		"ExpiredToken", "UnrecognizedClient", "InvalidSignature", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed",
		"MissingAuthenticationToken", "IncompleteSignature", "InvalidClientTokenId",
	} {
		if strings.HasPrefix(a.kind, kind) {
			return true
		}
	}
	return false
}

// unknown reports whether the keys are none of anybody's, or none any more. A signature depends on the request, too.
func (a answer) unknown() bool {
	for _, kind := range []string{"ExpiredToken", "UnrecognizedClient", "InvalidClientTokenId"} {
		if strings.HasPrefix(a.kind, kind) {
			return true
		}
	}
	return false
}

// hint is what the operator can do about it.
func hint(a answer, acc *account.Account) string {
	switch {
	case strings.HasPrefix(a.kind, "ExpiredToken"):
		return " (the session token has ended: give the account new keys, or ones that do not end)"
	case a.credential():
		return " (are the keys right, and is this machine's clock? a signature is good for five minutes)"
	case a.modelMissing(), a.says("access to the model"):
		return fmt.Sprintf(" (is the model switched on for the account in region %s, and is its geo right?)", acc.Options["region"])
	}
	return ""
}

// evidence is what the upstream said, short.
func (a answer) evidence() string {
	text := fmt.Sprint(a.status)
	for _, part := range []string{a.kind, a.message} {
		if part != "" {
			text += " " + part
		}
	}
	if len(text) > 300 {
		text = text[:300] + "…"
	}
	return text
}
