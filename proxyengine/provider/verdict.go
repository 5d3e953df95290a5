package provider

import "crs/internal/account"

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

// CredentialRefused is the verdict on a 401: a token may only have ended; a key that is refused is refused.
func CredentialRefused(acc *account.Account) Verdict {
	v := Another(account.Denied, true)
	if !acc.Credential.Refresh.Empty() {
		v.Next = Renew
	}
	return v
}
