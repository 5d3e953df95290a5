package login

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Authorization is a login that somebody has agreed to in a browser: what its code is good for.
type Authorization struct {
	client, redirect, scope, state string
	challenge                      string // PKCE, S256
	online                         bool   // no refresh token was asked for
	owner                          Owner
	until                          time.Time
}

// codeLife is how long an authorization code is good.
const codeLife = 10 * time.Minute

// Why a code is of no use.
var (
	errUnknownCode = errors.New("the authorization code is unknown, used or expired")
	errRedirect    = errors.New("redirect_uri does not match the authorization request")
	errClient      = errors.New("client_id does not match the authorization request")
	errState       = errors.New("state does not match the authorization request")
	errVerifier    = errors.New("code_verifier does not match the code_challenge")
)

// readAuthorization reads what an authorize page was asked for, and checks what all vendors require.
func readAuthorization(query url.Values) (Authorization, error) {
	for _, name := range []string{"client_id", "redirect_uri", "scope", "state", "code_challenge"} {
		if query.Get(name) == "" {
			return Authorization{}, fmt.Errorf("missing required parameter: %s", name)
		}
	}
	switch {
	case query.Get("response_type") != "code":
		return Authorization{}, errors.New("response_type must be code")
	case query.Get("code_challenge_method") != "S256":
		return Authorization{}, errors.New("code_challenge_method must be S256")
	case len(query.Get("code_challenge")) != base64.RawURLEncoding.EncodedLen(sha256.Size):
		return Authorization{}, errors.New("code_challenge is no S256 challenge")
	}
	return Authorization{
		client: query.Get("client_id"), redirect: query.Get("redirect_uri"), scope: query.Get("scope"),
		state: query.Get("state"), challenge: query.Get("code_challenge"),
	}, nil
}

// authorize lets whoever comes next agree to a, and gives the code.
func (g *Grants) authorize(a Authorization, now time.Time) (code string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a.owner = g.comer()
	return g.issueCode(a, now)
}

// issueCode with mu held.
func (g *Grants) issueCode(a Authorization, now time.Time) string {
	g.issued++
	a.until = now.Add(codeLife)
	code := fmt.Sprintf("%ssim%012d", g.code, g.issued)
	g.codes[code] = a
	return code
}

// ScopeOf tells what a code is good for.
func (g *Grants) ScopeOf(code string) (scope string, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a, known := g.codes[code]
	return a.scope, known
}

// Redeem turns a code into tokens, once. With a life of its own such a token cannot be refreshed.
func (g *Grants) Redeem(t Request, now time.Time, life time.Duration) (Pair, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a, known := g.codes[t["code"]]
	switch {
	case !known || !now.Before(a.until):
		return Pair{}, errUnknownCode
	case t["client_id"] != a.client:
		return Pair{}, errClient
	case !a.returnsTo(t["redirect_uri"]):
		return Pair{}, errRedirect
	case t["state"] != "" && t["state"] != a.state:
		return Pair{}, errState
	case challengeOf(t["code_verifier"]) != a.challenge:
		return Pair{}, errVerifier
	}
	delete(g.codes, t["code"])
	to := &Account{Owner: a.owner, Client: a.client, Scope: a.scope}
	if life != 0 {
		return g.issue(to, now, life, false), nil
	}
	return g.issue(to, now, g.life, !a.online), nil
}

// returnsTo reports whether uri is where the code was sent. That of a device login is the vendor's own page, wherever
// the vendor is.
func (a Authorization) returnsTo(uri string) bool {
	if tail, anywhere := strings.CutPrefix(a.redirect, "*"); anywhere {
		return strings.HasSuffix(uri, tail)
	}
	return uri == a.redirect
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
