package oauth_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"crs/internal/oauth"
	"crs/internal/secret"
)

// The vector is RFC 7636, appendix B.
func TestChallenge(t *testing.T) {
	t.Parallel()
	got := oauth.Challenge(secret.New("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
	if want := "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestVerifiersAndStatesAreLongAndDiffer(t *testing.T) {
	t.Parallel()
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	seen := map[string]bool{}
	for range 50 {
		for _, text := range []string{oauth.NewVerifier().Reveal(), oauth.NewState()} {
			if len(text) != 43 || strings.Trim(text, letters) != "" || seen[text] {
				t.Fatalf("%q", text)
			}
			seen[text] = true
		}
	}
}

func TestAuthorizeURL(t *testing.T) {
	t.Parallel()
	values := url.Values{"scope": {"a b"}, "client_id": {"x&y"}}
	for page, want := range map[string]string{
		"https://p.example/authorize":     "https://p.example/authorize?client_id=x%26y&scope=a+b",
		"https://p.example/authorize?a=b": "https://p.example/authorize?a=b&client_id=x%26y&scope=a+b",
	} {
		if got := oauth.AuthorizeURL(page, values); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestPasted(t *testing.T) {
	t.Parallel()
	const state = "the-state"
	for text, want := range map[string]string{
		"abc_DEF-123":                       "abc_DEF-123",
		"  abc_DEF-123#the-state\n":         "abc_DEF-123",
		`"abc_DEF-123#the-state"`:           "abc_DEF-123",
		"abc_DEF-123&state=the-state":       "abc_DEF-123",
		"abc_DEF-123&x=1#the-state":         "abc_DEF-123",
		"abc_DEF-123#":                      "abc_DEF-123",
		"4/0AfJohXk.a~b+c=":                 "4/0AfJohXk.a~b+c=",
		"https://p.example/cb?code=abc_123": "abc_123",
		"https://p.example/cb?state=the-state&code=abc_123&scope=a":        "abc_123",
		"http://localhost:1455/auth/callback?code=abc_123&state=the-state": "abc_123",
		"localhost:1455/auth/callback?code=abc_123&state=the-state":        "abc_123",
		"https://p.example/cb?code=abc_123%23the-state":                    "abc_123",
	} {
		if got, err := oauth.Pasted(text, state); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestWhatCannotBeACode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"":                              oauth.ErrNoCode,
		"abc":                           oauth.ErrNoCode,
		"two words here":                oauth.ErrNoCode,
		"abc_DEF\n123456":               oauth.ErrNoCode,
		"#the-state":                    oauth.ErrNoCode,
		"https://p.example/cb":          oauth.ErrNoCode,
		"https://p.example/cb?code=":    oauth.ErrNoCode,
		"http://[::1":                   oauth.ErrNoCode,
		"https://p.example/cb?code=%zz": oauth.ErrNoCode,
		"abc_DEF-123#another-state":     oauth.ErrOtherLogin,
		"https://p.example/cb?code=abc_123&state=another":          oauth.ErrOtherLogin,
		"https://p.example/cb?code=abc_123%23another":              oauth.ErrOtherLogin,
		"https://p.example/cb?error=access_denied&state=the-state": oauth.ErrDeclined,
	} {
		got, err := oauth.Pasted(text, "the-state")
		if !errors.Is(err, want) || got != "" {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		if err != nil && len(text) > 6 && strings.Contains(err.Error(), text) {
			t.Errorf("%q: the error shows it", text)
		}
	}
}

// Whatever is pasted: no panic, and what is taken for a code is safe to send.
func FuzzPasted(f *testing.F) {
	for _, seed := range []string{"abc_DEF-123#s", "https://p/cb?code=abc_123&state=s", "localhost:1/cb?code=a%23b", "://", "#", "&", "http://[::1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, err := oauth.Pasted(text, "s")
		if (err == nil) != (code != "") || strings.ContainsAny(code, " \r\n#&\"") {
			t.Errorf("%q: %q, %v", text, code, err)
		}
	})
}
