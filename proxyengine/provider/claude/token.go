package claude

import (
	"encoding/json"
	"errors"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

// RenewRequest implements provider.Renewer (protocols.md, A.5).
func (p *Provider) RenewRequest(acc *account.Account) (*provider.Outbound, error) {
	return provider.JSON(p.token, "", map[string]string{
		"grant_type": "refresh_token", "refresh_token": acc.Credential.Refresh.Reveal(), "client_id": p.clientID,
	}), nil
}

// Renewed implements provider.Renewer.
func (p *Provider) Renewed(acc *account.Account, r *provider.Reply) (account.Credential, error) {
	return provider.Issued(acc.Credential, r, func(r *provider.Reply) error { return provider.TokenError(r) })
}

// Import implements provider.Importer: the .credentials.json that Claude Code keeps.
func (p *Provider) Import(platform string, file []byte, acc *account.Account) error {
	if platform != Subscription {
		return provider.NoLogin(platform, "file to import")
	}
	var saved struct {
		OAuth struct {
			Access    string   `json:"accessToken"`
			Refresh   string   `json:"refreshToken"`
			ExpiresAt int64    `json:"expiresAt"` // milliseconds
			Scopes    []string `json:"scopes"`
		} `json:"claudeAiOauth"`
	}
	if json.Unmarshal(file, &saved) != nil {
		return errors.New("the file is not JSON; Claude Code keeps its login in ~/.claude/.credentials.json")
	}
	o := saved.OAuth
	if o.Access == "" {
		return errors.New("the file holds no Claude login (claudeAiOauth.accessToken); log in with Claude Code first, then import ~/.claude/.credentials.json")
	}
	c := account.Credential{Kind: account.OAuth, Secret: secret.New(o.Access), Refresh: secret.New(o.Refresh), Scopes: o.Scopes}
	if o.Refresh == "" {
		c.Kind = account.SetupToken
	}
	if o.ExpiresAt > 0 {
		c.ExpiresAt = time.UnixMilli(o.ExpiresAt).UTC()
	}
	return provider.Imported(acc, c, p.now(), "Claude Code")
}
