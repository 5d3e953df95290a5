package proxyengine

import (
	"bytes"
	"slices"
	"strings"

	"crs/internal/account"
	"crs/proxyengine/scrub"
)

// secretFilter takes an account's credential out of everything that a client gets of an answer, a model's own words included: no
// client has a use for it. Bytes come in fragments; only an end that may be the beginning of the credential is kept back.
type secretFilter struct {
	secrets [][]byte // the longest first
	kept    []byte   // a beginning of one of secrets
}

// credentialsOf are what an account authenticates with, as they may stand in an answer: whole, and in the parts of those that
// are several. What is too short to be told from words is left out.
func credentialsOf(acc *account.Account) (all [][]byte) {
	const least = 12
	for _, text := range []string{acc.Credential.Secret.Reveal(), acc.Credential.Refresh.Reveal()} {
		if strings.HasPrefix(text, "{") { // a file of several things, which is not sent
			continue
		}
		for part := range strings.SplitSeq(text, ":") {
			if len(part) < least {
				continue
			}
			all = append(all, []byte(part))
			if escaped := strings.ReplaceAll(part, "/", `\/`); escaped != part {
				all = append(all, []byte(escaped))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b []byte) int { return len(b) - len(a) })
	return all
}

// next gives what the client gets for b, valid until the next call.
func (w *secretFilter) next(b []byte) []byte {
	if len(w.kept) > 0 {
		b = append(w.kept, b...)
		w.kept = nil
	}
	for _, s := range w.secrets {
		if bytes.Contains(b, s) {
			b = bytes.ReplaceAll(b, s, []byte(scrub.Credential))
		}
	}
	n := w.begun(b)
	w.kept = bytes.Clone(b[len(b)-n:])
	return b[:len(b)-n]
}

// rest gives what is kept when nothing follows.
func (w *secretFilter) rest() []byte {
	rest := w.kept
	w.kept = nil
	return rest
}

// begun is how long an end of b is that a secret begins with.
func (w *secretFilter) begun(b []byte) (longest int) {
	if len(b) == 0 || b[len(b)-1] == '\n' { // as nearly every piece of a stream ends, and no credential goes on
		return 0
	}
	for _, s := range w.secrets {
		for n := min(len(s)-1, len(b)); n > longest; n-- {
			if b[len(b)-n] == s[0] && bytes.HasSuffix(b, s[:n]) {
				longest = n
			}
		}
	}
	return longest
}
