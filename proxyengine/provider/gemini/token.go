package gemini

import (
	"errors"
	"fmt"
	"net/url"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// errNoClient says what is missing and where it is to be had: Google publishes it, so that it is not for us to do.
var errNoClient = errors.New("the OAuth client of Gemini CLI is not configured: set providers.gemini.client_id and " +
	"providers.gemini.client_secret (CRS_PROVIDERS_GEMINI_CLIENT_ID, CRS_PROVIDERS_GEMINI_CLIENT_SECRET); Google publishes both in " +
	"Gemini CLI's source: github.com/google-gemini/gemini-cli, packages/core/src/code_assist/oauth2.ts")

// client reports whether there is an OAuth client to log in and to refresh with.
func (p *Provider) client() error {
	if p.clientID == "" || p.clientSecret.Empty() {
		return errNoClient
	}
	return nil
}

// RenewRequest implements provider.Renewer (protocols.md, D.2).
func (p *Provider) RenewRequest(acc *account.Account) (*provider.Outbound, error) {
	if err := p.client(); err != nil {
		return nil, err
	}
	return p.tokenRequest(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {acc.Credential.Refresh.Reveal()}}), nil
}

func (p *Provider) tokenRequest(form url.Values) *provider.Outbound {
	form.Set("client_id", p.clientID)
	form.Set("client_secret", p.clientSecret.Reveal())
	return provider.Form(p.token, "", form)
}

// Renewed implements provider.Renewer. Google mostly gives no new refresh token: the old one stays good.
func (p *Provider) Renewed(acc *account.Account, r *provider.Reply) (account.Credential, error) {
	return provider.Issued(acc.Credential, r, tokenError)
}

// tokenError tells a refusal for good from what passes, or is about the configuration.
func tokenError(r *provider.Reply) error {
	err := provider.TokenTrouble(r)
	switch word := provider.TokenRefusal(r); {
	case r.Status/100 == 4 && word == "invalid_grant":
		return &provider.NeedsLogin{Why: word}
	case word == "invalid_client", word == "unauthorized_client":
		return fmt.Errorf("%w: look at providers.gemini.client_id and providers.gemini.client_secret", err)
	}
	return err
}
