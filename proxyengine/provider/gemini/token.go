package gemini

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

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
	if r.Status != http.StatusOK {
		if why := refusal(r); why != "" {
			return account.Credential{}, &provider.NeedsLogin{Why: why}
		}
		return account.Credential{}, tokenTrouble(r)
	}
	return readTokens(acc.Credential, r)
}

// readTokens puts what the token endpoint gives in the place of an earlier pair; what it leaves out stays.
func readTokens(c account.Credential, r *provider.Reply) (account.Credential, error) {
	c.Kind = account.OAuth
	return provider.Issued(c, r)
}

// refusal is the word with which the token endpoint refuses a code or a refresh token for good; "" when it does not. Any
// other word is about the configuration, or passes.
func refusal(r *provider.Reply) string {
	if why := provider.TokenRefusal(r); r.Status/100 == 4 && why == "invalid_grant" {
		return why
	}
	return ""
}

func tokenTrouble(r *provider.Reply) error {
	word := provider.TokenRefusal(r)
	err := fmt.Errorf("the token endpoint answered %s", strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, word)))
	if word == "invalid_client" || word == "unauthorized_client" {
		return fmt.Errorf("%w: look at providers.gemini.client_id and providers.gemini.client_secret", err)
	}
	return err
}
