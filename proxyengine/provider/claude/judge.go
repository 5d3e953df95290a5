package claude

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider: the tables of protocols.md, A.8 to A.10.
func (p *Provider) Judge(want *provider.Intent, acc *account.Account, r *provider.Reply) provider.Verdict {
	a := read(r)
	v := p.judge(want, acc, r, a)
	v.Outcome.Windows = p.Windows(r.Header, r.At)
	if v.Outcome.Evidence == "" {
		v.Outcome.Evidence = a.evidence()
	}
	v.RetryAfter, v.Status, v.Message, v.NeedsReencoding = retryAfter(r.Header), a.status, a.message, !a.own
	return v
}

// answer is what an error says.
type answer struct {
	status        int
	kind, message string
	code          string
	own           bool // it is in the protocol's words, so that a client can have it as it is
}

func read(r *provider.Reply) answer {
	e := gjson.GetBytes(r.Body, "error")
	kind, message := e.Get("type"), e.Get("message")
	a := answer{status: r.Status, kind: kind.String(), message: message.String(), code: e.Get("details.error_code").String()}
	a.own = gjson.ValidBytes(r.Body) && gjson.GetBytes(r.Body, "type").String() == "error" && kind.Type == gjson.String && message.Type == gjson.String
	if e.Type == gjson.String { // as gateways write it
		a.message = e.String()
	}
	if r.InStream {
		a.status = statusOf(a)
	}
	return a
}

// statusOf is the status that an error inside a stream would have had.
func statusOf(a answer) int {
	if strings.Contains(strings.ToLower(a.message), "exceed your account's rate limit") {
		return http.StatusTooManyRequests
	}
	switch a.kind {
	case "overloaded_error":
		return 529
	case "rate_limit_error":
		return http.StatusTooManyRequests
	case "authentication_error":
		return http.StatusUnauthorized
	case "permission_error":
		return http.StatusForbidden
	case "billing_error":
		return http.StatusPaymentRequired
	case "invalid_request_error", "request_too_large", "not_found_error":
		return http.StatusBadRequest
	case "timeout_error":
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
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

func (a answer) says(text string) bool {
	return strings.Contains(strings.ToLower(a.message), text)
}

func (p *Provider) judge(want *provider.Intent, acc *account.Account, r *provider.Reply, a answer) provider.Verdict {
	switch {
	case r.Says(a.message, "organization has been disabled"), r.Says(a.message, "oauth authentication is currently not allowed"):
		return provider.Another(account.Blocked, true)
	case a.status == http.StatusBadRequest && r.Says(a.message, "credit balance is too low"), a.status == http.StatusPaymentRequired:
		return provider.Another(account.Exhausted, true)
	}
	switch a.status {
	case http.StatusUnauthorized:
		return provider.CredentialRefused(acc)
	case http.StatusForbidden:
		return forbidden(r)
	case http.StatusTooManyRequests:
		return p.limited(want, acc, r, a)
	case 529, http.StatusServiceUnavailable:
		return provider.Again()
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		if want.Service == anthropic.CountTokens { // endpoints that only speak messages
			return provider.Verdict{Next: provider.TryAnother, Outcome: account.Outcome{Result: account.Unsupported, Service: want.Service}}
		}
	}
	if a.status >= 500 {
		return provider.Another(account.Failed, false)
	}
	return provider.Delivered()
}

// forbidden: a web page comes from what stands before the provider. It refuses the relay's address, not the account.
func forbidden(r *provider.Reply) provider.Verdict {
	if !r.Page() {
		return provider.Another(account.Denied, true)
	}
	v := provider.Another(account.Failed, true)
	v.Outcome.Evidence = fmt.Sprintf("%d with a web page (what stands before the provider refused the relay's address or the account's proxy, not the account)", r.Status)
	return v
}

// limited reads a 429 (protocols.md, A.10).
func (p *Provider) limited(want *provider.Intent, acc *account.Account, r *provider.Reply, a answer) provider.Verdict {
	if a.says("extra usage") || want.Background { // an entitlement that is missing, or a client's own small talk
		return provider.Delivered()
	}
	v := provider.Another(account.Exhausted, false)
	v.Outcome.Scope, v.Outcome.Until, v.Stated = p.reset(want, acc, r, a)
	if v.Outcome.Until.IsZero() {
		v.Outcome.Result = account.Throttled
	}
	return v
}

// reset tells what a 429 is about ("" for the whole account) and when it ends; zero when it does not say. It is stated where a limit is
// used up, so that no request is small enough.
func (p *Provider) reset(want *provider.Intent, acc *account.Account, r *provider.Reply, a answer) (scope string, until time.Time, stated bool) {
	if a.code == "enforced_spend_limit_reached" {
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
	if acc.Platform == Console && !r.Page() { // an API key's limits are each model class's own
		scope = want.Family
	}
	if after := retryAfter(r.Header); after > 0 {
		until = r.At.Add(after)
	}
	return scope, until, r.Header.Get("anthropic-ratelimit-requests-remaining") == "0"
}

func firstOfNextMonth(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}
