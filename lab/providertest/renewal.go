package providertest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// Renewal is how a provider's tokens are renewed.
type Renewal struct {
	Account *account.Account
	// Want is the request for a fresh pair, as Render writes it.
	Want string
	// Answer is a good answer, which gives the access token "fresh-access" and the refresh token "fresh-refresh" for Life.
	Answer string
	Life   time.Duration
	// Keeps: tokens are made with a key, which no answer takes the place of: the fresh pair has the account's own.
	Keeps bool
}

func (s *Suite) renewals(t *testing.T, p provider.Renewer) {
	t.Parallel()
	if s.Renewal == nil {
		t.Fatal("tokens are renewed, and the suite has no Renewal")
	}
	acc := s.Renewal.Account
	out, err := p.RenewRequest(acc)
	if err != nil {
		t.Fatal(err)
	}
	if got := Render(out); got != s.Renewal.Want {
		t.Errorf("got\n%s\nwant\n%s", got, s.Renewal.Want)
	}
	framing(t, out.Header)
	got, err := p.Renewed(acc, &provider.Reply{At: s.Now, Status: 200, Body: []byte(s.Renewal.Answer)})
	refresh := "fresh-refresh"
	if s.Renewal.Keeps {
		refresh = acc.Credential.Refresh.Reveal()
	}
	if err != nil || got.Secret.Reveal() != "fresh-access" || got.Refresh.Reveal() != refresh || !got.ExpiresAt.Equal(s.Now.Add(s.Renewal.Life)) || got.Kind != acc.Credential.Kind {
		t.Errorf("%+v until %s: %v", got, got.ExpiresAt, err)
	}
	s.refused(t, p)
}

// refused: a refusal for good needs a login; trouble that passes, and what is not the token endpoint's own word, do not.
func (s *Suite) refused(t *testing.T, p provider.Renewer) {
	for name, c := range map[string]struct {
		status int
		body   string
		login  bool
	}{
		"invalid_grant":     {400, `{"error":"invalid_grant","error_description":"Refresh token not found or invalid"}`, true},
		"a page of a proxy": {403, `<html>blocked</html>`, false},
		"a page, 400":       {400, `<html>Bad Request</html>`, false},
		"a page, 200":       {200, `<html>captive portal</html>`, false},
		"throttled":         {429, `{"error":"rate_limited"}`, false},
		"server error":      {500, ``, false},
		"unavailable":       {503, `{"error":"temporarily_unavailable"}`, false},
		"no token":          {200, `{"token_type":"Bearer"}`, false},
		"not JSON":          {200, `leak-access`, false},
		"an odd token":      {200, `{"access_token":{"leak":1}}`, false},
		"an array":          {200, `["leak"]`, false},
		"cut":               {200, s.Renewal.Answer[:len(s.Renewal.Answer)/2], false},
		"empty":             {200, ``, false},
	} {
		_, err := p.Renewed(s.Renewal.Account, &provider.Reply{At: s.Now, Status: c.status, Body: []byte(c.body)})
		var login *provider.NeedsLogin
		if err == nil || errors.As(err, &login) != c.login {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "leak") || strings.Contains(err.Error(), s.Renewal.Account.Credential.Refresh.Reveal())) {
			t.Errorf("%s: the error shows what is secret: %v", name, err)
		}
	}
}
