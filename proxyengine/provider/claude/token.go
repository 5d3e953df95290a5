package claude

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

// RenewRequest implements provider.Renewer (protocols.md, A.5).
func (p *Provider) RenewRequest(acc *account.Account) (*provider.Outbound, error) {
	body, err := json.Marshal(map[string]string{
		"grant_type": "refresh_token", "refresh_token": acc.Credential.Refresh.Reveal(), "client_id": p.clientID,
	})
	if err != nil {
		return nil, errors.New("encode the refresh request")
	}
	return p.tokenRequest(body), nil
}

func (p *Provider) tokenRequest(body []byte) *provider.Outbound {
	return &provider.Outbound{
		Endpoint: p.token, Method: http.MethodPost, Target: p.token.Path, Body: [][]byte{body},
		Header: provider.Header{
			{Name: "Content-Type", Value: "application/json"}, {Name: "Accept", Value: "application/json"},
			{Name: "Accept-Encoding", Value: "identity"},
		},
	}
}

// Renewed implements provider.Renewer.
func (p *Provider) Renewed(acc *account.Account, r *provider.Reply) (account.Credential, error) {
	if r.Status != http.StatusOK {
		return account.Credential{}, tokenError(r)
	}
	var t struct {
		Access    string `json:"access_token"`
		Refresh   string `json:"refresh_token"`
		ExpiresIn int64  `json:"expires_in"`
		Scope     string `json:"scope"`
	}
	if err := json.Unmarshal(r.Body, &t); err != nil || t.Access == "" {
		return account.Credential{}, errors.New("the token endpoint's answer is not a token")
	}
	c := acc.Credential
	c.Secret = secret.New(t.Access)
	if t.Refresh != "" {
		c.Refresh = secret.New(t.Refresh)
	}
	if t.ExpiresIn > 0 {
		c.ExpiresAt = r.At.Add(time.Duration(t.ExpiresIn) * time.Second).UTC()
	}
	if t.Scope != "" {
		c.Scopes = strings.Fields(t.Scope)
	}
	return c, nil
}

// tokenError tells a refusal for good from trouble that passes. A page in HTML comes from what stands before the
// endpoint, not from it.
func tokenError(r *provider.Reply) error {
	e := gjson.GetBytes(r.Body, "error")
	why := e.String()
	if e.IsObject() {
		why = e.Get("type").String()
	}
	final := r.Status == http.StatusBadRequest || r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden
	if final && why != "" {
		return &provider.NeedsLogin{Why: why}
	}
	return fmt.Errorf("the token endpoint answered %d %s", r.Status, why)
}

// Import implements provider.Importer: the .credentials.json that Claude Code keeps.
func (p *Provider) Import(platform string, file []byte, acc *account.Account) error {
	if platform != Subscription {
		return fmt.Errorf("platform %s has no file to import; add it with: crs account add %s NAME --api-key-file FILE", platform, platform)
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
	acc.Credential = account.Credential{Kind: account.OAuth, Secret: secret.New(o.Access), Refresh: secret.New(o.Refresh), Scopes: o.Scopes}
	if o.Refresh == "" {
		acc.Credential.Kind = account.SetupToken
	}
	if o.ExpiresAt > 0 {
		acc.Credential.ExpiresAt = time.UnixMilli(o.ExpiresAt).UTC()
	}
	if acc.Credential.Dead(p.now()) {
		return errors.New("the login in the file has ended and has no refresh token; log in with Claude Code again")
	}
	return nil
}
