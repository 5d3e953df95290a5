package oauth

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/oauth2"

	"crs/internal/secret"
)

// NewVerifier makes a PKCE verifier (RFC 7636): 32 random bytes.
func NewVerifier() secret.String { return secret.New(oauth2.GenerateVerifier()) }

// Challenge is the S256 challenge of a verifier.
func Challenge(verifier secret.String) string {
	return oauth2.S256ChallengeFromVerifier(verifier.Reveal())
}

// NewState makes what ties an answer to the login that it belongs to: 32 random bytes.
func NewState() string { return oauth2.GenerateVerifier() }

// AuthorizeURL adds parameters to the URL of an authorize page.
func AuthorizeURL(page string, parameters url.Values) string {
	mark := "?"
	if strings.Contains(page, "?") {
		mark = "&"
	}
	return page + mark + parameters.Encode()
}

// Errors of what was pasted. None shows it.
var (
	ErrNoCode     = errors.New("what was pasted holds no code; paste the code that the page showed, or the whole address where the browser ended")
	ErrOtherLogin = errors.New("the code belongs to another login; open the address that was printed last, and paste the code from there")
	ErrDeclined   = errors.New("the provider did not agree to the login")
)

var codeShape = regexp.MustCompile(`^[A-Za-z0-9._~/+=-]{6,}$`)

// Pasted takes the code out of what an operator pasted: a code, code#state, or the address where the browser ended. state
// is that of the login; a state that was pasted must be the same.
func Pasted(text, state string) (code string, err error) {
	text = strings.Trim(strings.TrimSpace(text), `"'`)
	var its string
	if strings.Contains(text, "://") || strings.HasPrefix(text, "localhost") {
		if code, its, err = fromURL(text); err != nil {
			return "", err
		}
	} else {
		code, its, _ = strings.Cut(text, "#")
		code, _, _ = strings.Cut(code, "&")
	}
	switch {
	case !codeShape.MatchString(code):
		return "", ErrNoCode
	case its != "" && its != state:
		return "", ErrOtherLogin
	}
	return code, nil
}

func fromURL(text string) (code, state string, err error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", "", ErrNoCode
	}
	q := u.Query()
	if q.Get("code") == "" && q.Get("error") != "" {
		return "", "", ErrDeclined
	}
	code, state = q.Get("code"), q.Get("state")
	if c, s, found := strings.Cut(code, "#"); found { // a page that shows both in one
		code, state = c, s
	}
	return code, state, nil
}
