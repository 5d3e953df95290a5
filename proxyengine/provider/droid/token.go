package droid

import (
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

const (
	tokenPath = "/user_management/authenticate"
	// organization is the option that keeps the organization an account belongs to. A refresh needs it.
	organization = "organization_id"
)

// RenewRequest implements provider.Renewer.
func (p *Provider) RenewRequest(acc *account.Account) (*provider.Outbound, error) {
	form := url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {acc.Credential.Refresh.Reveal()}, "client_id": {p.clientID},
	}
	if org := acc.Options[organization]; org != "" {
		form.Set(organization, org)
	}
	return p.form(tokenPath, form), nil
}

func (p *Provider) form(path string, form url.Values) *provider.Outbound {
	return provider.Form(p.auth, path, form)
}

// Renewed implements provider.Renewer. A refresh token is good once: the new one comes with the answer.
func (p *Provider) Renewed(acc *account.Account, r *provider.Reply) (account.Credential, error) {
	c, err := provider.Issued(acc.Credential, r, func(r *provider.Reply) error { return provider.TokenError(r) })
	if err == nil && c.ExpiresAt.IsZero() {
		c.ExpiresAt = provider.Moment(gjson.GetBytes(r.Body, "expires_at").String())
	}
	if err == nil && c.ExpiresAt.IsZero() {
		c.ExpiresAt = r.At.Add(tokenLife).UTC()
	}
	return c, err
}

// tokenLife is how long a token is used of which nobody says when it ends: it is good for about eight hours.
const tokenLife = 6 * time.Hour

// Import implements provider.Importer: the auth.json that Droid keeps.
func (p *Provider) Import(_ string, file []byte, acc *account.Account) error {
	var saved struct {
		Access       string `json:"access_token"`
		Refresh      string `json:"refresh_token"`
		Organization string `json:"organization_id"`
		// Google is in what Gemini CLI saves, which looks much the same.
		Google json.RawMessage `json:"expiry_date"`
	}
	if json.Unmarshal(file, &saved) != nil {
		return errors.New("the file is not JSON; Droid keeps its login in ~/.factory/auth.json")
	}
	if saved.Access == "" || saved.Google != nil {
		return errors.New("the file holds no Droid login (access_token); log in with Droid first, then import ~/.factory/auth.json")
	}
	c := account.Credential{
		Kind: account.OAuth, Secret: secret.New(saved.Access), Refresh: secret.New(saved.Refresh), ExpiresAt: provider.TokenEnds(saved.Access),
	}
	if c.ExpiresAt.IsZero() && saved.Refresh != "" {
		c.ExpiresAt = p.now().UTC() // nobody knows how old it is: it is refreshed before its first use
	}
	if err := provider.Imported(acc, c, p.now(), "Droid"); err != nil {
		return err
	}
	keep(acc, saved.Organization)
	return nil
}
