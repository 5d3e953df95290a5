package provider

import (
	"net/http"

	"crs/internal/account"
)

// Delivered is the verdict on an answer that is the client's own affair: it gets it as it is.
func Delivered() Verdict {
	return Verdict{Next: Deliver, Outcome: account.Outcome{Result: account.Answered}}
}

// Another is the verdict on one that another account may do better with. It may be masked for the client.
func Another(r account.Result, mask bool) Verdict {
	return Verdict{Next: TryAnother, Outcome: account.Outcome{Result: r}, Mask: mask}
}

// Again is the verdict on a provider that is in trouble.
func Again() Verdict {
	return Verdict{Next: TryAgain, Outcome: account.Outcome{Result: account.Overloaded}}
}

// Stated marks a verdict on what the upstream's own code says.
func Stated(v Verdict) Verdict {
	v.Stated = true
	return v
}

// WithHint is a verdict with a word to the operator, which comes behind what the upstream said.
func WithHint(v Verdict, hint string) Verdict {
	v.Outcome.Evidence = " (" + hint + ")"
	return v
}

// CredentialRefused is the verdict on a 401: a token may only have ended; a key that is refused is refused.
func CredentialRefused(acc *account.Account) Verdict {
	v := Another(account.Denied, true)
	if !acc.Credential.Refresh.Empty() {
		v.Next = Renew
	}
	return v
}

// NotServed is the verdict on an account that does not have the service which was asked for.
func NotServed(want *Intent) Verdict {
	v := Another(account.Unsupported, false)
	v.Outcome.Service = want.Service
	return v
}

// PageRefused is the verdict on a web page in the place of a refusal: what stands before the provider refuses the relay's address, not
// the account.
func PageRefused() Verdict {
	return WithHint(Another(account.Failed, true), "what stands before the provider refused the relay's address or the account's proxy, not the account")
}

// ByStatus is the verdict on an error of which nothing but the status tells what it means.
func ByStatus(status int, acc *account.Account) Verdict {
	switch status {
	case http.StatusUnauthorized:
		return CredentialRefused(acc)
	case http.StatusPaymentRequired:
		return Another(account.Exhausted, true)
	case http.StatusForbidden:
		return Another(account.Denied, true)
	case http.StatusTooManyRequests:
		return Another(account.Throttled, false)
	case http.StatusServiceUnavailable, 529: // 529 is Anthropic's, and what gateways pass on
		return Again()
	}
	if status >= 500 {
		return Another(account.Failed, false)
	}
	return Delivered()
}
