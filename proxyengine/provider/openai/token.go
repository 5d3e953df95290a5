package openai

import (
	"net/url"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// RenewRequest implements provider.Renewer (protocols.md, E.1).
func (p *Provider) RenewRequest(acc *account.Account) (*provider.Outbound, error) {
	return p.tokenRequest(url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {acc.Credential.Refresh.Reveal()}, "client_id": {p.clientID},
		"scope": {"openid profile email"},
	}), nil
}

func (p *Provider) tokenRequest(form url.Values) *provider.Outbound {
	return provider.Form(p.token, "", form)
}

// Renewed implements provider.Renewer.
func (p *Provider) Renewed(acc *account.Account, r *provider.Reply) (account.Credential, error) {
	return provider.Issued(acc.Credential, r, tokenError)
}

// tokenError tells a refusal for good from trouble that passes: a complaint about the client is about the configuration.
func tokenError(r *provider.Reply) error {
	return provider.TokenError(r, "invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type", "invalid_scope")
}
