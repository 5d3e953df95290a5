package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"crs/internal/account"
	"crs/internal/oauth"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

// redirect is where the browser ends; the client is registered with it. Nobody listens there: the owner copies the address.
const redirect = "http://localhost:1455/auth/callback"

// Authorize implements provider.Authorizer.
func (p *Provider) Authorize(platform string, setupToken bool) (*provider.Login, error) {
	switch {
	case platform != Subscription:
		return nil, errNoLogin(platform)
	case setupToken:
		return nil, errors.New("platform openai has no setup tokens; log in without --setup-token")
	}
	l := &provider.Login{Platform: platform, State: oauth.NewState(), Verifier: oauth.NewVerifier(), Redirect: redirect}
	l.URL = oauth.AuthorizeURL(p.authPage, url.Values{
		"response_type": {"code"}, "client_id": {p.clientID}, "redirect_uri": {redirect}, "scope": {"openid profile email offline_access"},
		"code_challenge": {oauth.Challenge(l.Verifier)}, "code_challenge_method": {"S256"}, "state": {l.State},
		"id_token_add_organizations": {"true"}, "codex_cli_simplified_flow": {"true"},
	})
	return l, nil
}

func errNoLogin(platform string) error {
	return fmt.Errorf("platform %s has no login; add it with: crs account add %s NAME --api-key-file FILE", platform, platform)
}

// Redeem implements provider.Authorizer.
func (p *Provider) Redeem(ctx context.Context, call provider.Call, l *provider.Login, pasted string, acc *account.Account) error {
	code, err := oauth.Pasted(pasted, l.State)
	if err != nil {
		return &provider.BadCode{Why: err.Error()}
	}
	return p.exchange(ctx, call, code, l.Verifier, l.Redirect, acc)
}

// exchange gives a code away for tokens, and fills acc with them.
func (p *Provider) exchange(ctx context.Context, call provider.Call, code string, verifier secret.String, redirect string, acc *account.Account) error {
	r, err := call(ctx, p.tokenRequest(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {p.clientID}, "code": {code}, "redirect_uri": {redirect},
		"code_verifier": {verifier.Reveal()},
	}))
	if err != nil {
		return fmt.Errorf("exchange the code for tokens: %w", err)
	}
	if r.Status != http.StatusOK {
		if why := refusal(r); why != "" {
			return &provider.BadCode{Why: "the provider refused the code (" + why + "); it is good once and for a few minutes: begin the login again"}
		}
		return tokenTrouble(r)
	}
	t, err := readTokens(r.Body)
	if err != nil {
		return err
	}
	if err := identify(acc, &t, ""); err != nil {
		return err
	}
	acc.Credential = t.credential(acc.Credential, r.At)
	return nil
}
