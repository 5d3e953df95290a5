package gemini

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

const (
	// redirect is the page that shows the code.
	redirect = "https://codeassist.google.com/authcode"
	scope    = "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/userinfo.email " +
		"https://www.googleapis.com/auth/userinfo.profile"
)

// Authorize implements provider.Authorizer (protocols.md, D.2).
func (p *Provider) Authorize(platform string, setupToken bool) (*provider.Login, error) {
	switch {
	case platform != Subscription:
		return nil, provider.NoLogin(platform, "login")
	case setupToken:
		return nil, errors.New("platform gemini has no setup tokens; log in without --setup-token")
	}
	if err := p.client(); err != nil {
		return nil, err
	}
	return provider.BeginLogin(platform, p.authorize, redirect, url.Values{
		"client_id": {p.clientID}, "scope": {scope},
		// Without these there is a refresh token at the first login only.
		"access_type": {"offline"}, "prompt": {"consent"},
	}), nil
}

// Redeem implements provider.Authorizer.
func (p *Provider) Redeem(ctx context.Context, call provider.Call, l *provider.Login, pasted string, acc *account.Account) error {
	code, err := l.Code(pasted)
	if err != nil {
		return err
	}
	r, err := call(ctx, p.tokenRequest(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {l.Redirect}, "code_verifier": {l.Verifier.Reveal()},
	}))
	if err != nil {
		return fmt.Errorf("exchange the code for tokens: %w", err)
	}
	fresh, err := provider.Issued(account.Credential{Kind: account.OAuth}, r, codeError)
	switch {
	case err != nil:
		return err
	case fresh.Refresh.Empty():
		return errors.New("no refresh token came from Google: take the app's access away at https://myaccount.google.com/connections and log in again")
	}
	acc.Credential = fresh
	return nil
}

func codeError(r *provider.Reply) error {
	return provider.CodeRefused(tokenError(r), func(why string) string {
		return "Google refused the code (" + why + "): it has been used, or is too old; begin the login again"
	})
}

// Import implements provider.Importer: the oauth_creds.json that Gemini CLI keeps.
func (p *Provider) Import(platform string, file []byte, acc *account.Account) error {
	if platform != Subscription {
		return provider.NoLogin(platform, "file to import")
	}
	var saved struct {
		Access  string  `json:"access_token"`
		Refresh string  `json:"refresh_token"`
		Scope   string  `json:"scope"`
		Expires float64 `json:"expiry_date"` // milliseconds
		// Client is in what other programs of Google's save: their tokens can be renewed by their own OAuth client only.
		Client string `json:"client_id"`
	}
	switch err := json.Unmarshal(file, &saved); {
	case err != nil:
		return errors.New("the file is not JSON as Gemini CLI writes it; it keeps its login in ~/.gemini/oauth_creds.json")
	case saved.Access == "" && saved.Refresh == "":
		return errors.New("the file holds no Google login (access_token, refresh_token); log in with Gemini CLI first, then import ~/.gemini/oauth_creds.json")
	case saved.Access != "" && saved.Expires == 0 && !strings.HasPrefix(saved.Access, "ya29."):
		return errors.New("the file holds another provider's login, not Google's; log in with Gemini CLI first, then import ~/.gemini/oauth_creds.json")
	case saved.Client != "":
		return errors.New("the file is another program's login (it names its own client_id), and crs cannot renew it; log in with Gemini CLI, then import ~/.gemini/oauth_creds.json")
	case saved.Refresh == "":
		return errors.New("the login in the file has no refresh token, and is good for an hour at most; log in with Gemini CLI again, or with crs account login gemini")
	}
	if err := p.client(); err != nil {
		return err // its token could not be refreshed
	}
	c := account.Credential{Kind: account.OAuth, Secret: secret.New(saved.Access), Refresh: secret.New(saved.Refresh), Scopes: strings.Fields(saved.Scope)}
	c.ExpiresAt = p.now().UTC() // when it does not say, it is refreshed at once
	if saved.Access != "" && saved.Expires > 0 && saved.Expires < 1<<50 {
		c.ExpiresAt = time.UnixMilli(int64(saved.Expires)).UTC()
	}
	if saved.Access == "" {
		c.Secret = secret.New("none-yet")
	}
	acc.Credential = c
	return nil
}
