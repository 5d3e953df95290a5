package openai

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

// redirect is where the browser ends; the client is registered with it. Nobody listens there: the owner copies the address.
const redirect = "http://localhost:1455/auth/callback"

// Authorize implements provider.Authorizer.
func (p *Provider) Authorize(platform string, setupToken bool) (*provider.Login, error) {
	switch {
	case platform != Subscription:
		return nil, provider.NoLogin(platform, "login")
	case setupToken:
		return nil, errors.New("platform openai has no setup tokens; log in without --setup-token")
	}
	return provider.BeginLogin(platform, p.authPage, redirect, url.Values{
		"client_id": {p.clientID}, "scope": {"openid profile email offline_access"},
		"id_token_add_organizations": {"true"}, "codex_cli_simplified_flow": {"true"},
	}), nil
}

// Redeem implements provider.Authorizer.
func (p *Provider) Redeem(ctx context.Context, call provider.Call, l *provider.Login, pasted string, acc *account.Account) error {
	code, err := l.Code(pasted)
	if err != nil {
		return err
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
	c := acc.Credential
	c.Kind = account.OAuth
	if c, err = provider.Issued(c, r, codeError); err != nil {
		return err
	}
	if err := identify(acc, c.Secret.Reveal(), gjson.GetBytes(r.Body, "id_token").String(), ""); err != nil {
		return err
	}
	acc.Credential = c
	return nil
}

func codeError(r *provider.Reply) error {
	return provider.CodeRefused(tokenError(r), func(why string) string {
		return "the provider refused the code (" + why + "); it is good once and for a few minutes: begin the login again"
	})
}
