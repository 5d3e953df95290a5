package droid

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// Judge implements provider.Provider.
func (*Provider) Judge(want *provider.Intent, acc *account.Account, r *provider.Reply) provider.Verdict {
	a := read(want, r)
	v := judge(want, acc, a)
	if a.status == http.StatusForbidden && r.Page() { // it is what stands before Factory that refuses, and not the account
		v.Outcome.Result = account.Failed
	}
	if v.Outcome.Result == account.Throttled && a.retryAfter > 0 {
		v.Outcome.Until = r.At.Add(a.retryAfter)
	}
	v.Status, v.RetryAfter, v.Message, v.NeedsReencoding = a.status, a.retryAfter, a.message, a.foreign
	v.Outcome.Evidence = a.evidence()
	return v
}

// answer is what an error says, in either protocol's shape or Factory's own.
type answer struct {
	status        int
	kind, message string
	foreign       bool
	retryAfter    time.Duration
}

func read(want *provider.Intent, r *provider.Reply) answer {
	doc := gjson.ParseBytes(r.Body)
	e := doc.Get("error")
	if failed := doc.Get("response.error"); failed.IsObject() {
		e = failed
	}
	a := answer{status: r.Status, kind: cmp.Or(e.Get("type").String(), e.Get("code").String()), message: e.Get("message").String()}
	if a.foreign = !native(want, r.Body); a.message == "" {
		a.message = cmp.Or(text(doc.Get("message")), text(doc.Get("detail")), text(e))
	}
	if r.InStream {
		a.kind = cmp.Or(a.kind, doc.Get("code").String())
		a.status = statusOf(a.kind, e.Get("code").String())
	}
	if seconds, err := strconv.ParseInt(r.Header.Get("retry-after"), 10, 32); err == nil && seconds > 0 {
		a.retryAfter = time.Duration(seconds) * time.Second
	}
	return a
}

// native reports whether an error is in the words of the protocol that was asked in.
func native(want *provider.Intent, body []byte) bool {
	e := gjson.GetBytes(body, "error")
	switch {
	case !gjson.ValidBytes(body) || !e.IsObject():
		return false
	case isAnthropic(want):
		return gjson.GetBytes(body, "type").String() == "error" && e.Get("type").Type == gjson.String && e.Get("message").Type == gjson.String
	}
	return true
}

func text(v gjson.Result) string {
	if v.Type != gjson.String {
		return ""
	}
	return v.String()
}

// statusOf is the status that an error inside a stream would have had.
func statusOf(kinds ...string) int {
	for _, kind := range kinds {
		switch kind {
		case "rate_limit_error", "rate_limit_exceeded", "tokens", "requests":
			return http.StatusTooManyRequests
		case "overloaded_error", "server_is_overloaded", "slow_down":
			return http.StatusServiceUnavailable
		case "invalid_request_error", "request_too_large", "not_found_error", "invalid_prompt", "context_length_exceeded":
			return http.StatusBadRequest
		case "authentication_error", "invalid_api_key":
			return http.StatusUnauthorized
		case "permission_error":
			return http.StatusForbidden
		case "billing_error", "insufficient_quota":
			return http.StatusPaymentRequired
		}
	}
	return http.StatusInternalServerError
}

func judge(want *provider.Intent, acc *account.Account, a answer) provider.Verdict {
	switch a.status {
	case http.StatusUnauthorized:
		v := provider.Another(account.Denied, true)
		if !acc.Credential.Refresh.Empty() {
			v.Next = provider.Renew
		}
		return v
	case http.StatusPaymentRequired:
		return provider.Another(account.Exhausted, true)
	case http.StatusForbidden:
		return provider.Another(account.Denied, true)
	case http.StatusTooManyRequests:
		return provider.Another(account.Throttled, false)
	case http.StatusServiceUnavailable, 529:
		return provider.Again()
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		if want.Service == anthropic.CountTokens { // nobody promises that Factory counts
			v := provider.Another(account.Unsupported, false)
			v.Outcome.Service = want.Service
			return v
		}
	}
	if a.status >= 500 {
		return provider.Another(account.Failed, false)
	}
	return provider.Delivered()
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
