package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/internal/secret"
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
	if r.Status != http.StatusOK {
		if why := refusal(r); why != "" {
			return account.Credential{}, &provider.NeedsLogin{Why: why}
		}
		return account.Credential{}, tokenTrouble(r)
	}
	t, err := readTokens(r.Body)
	if err != nil {
		return account.Credential{}, err
	}
	return t.credential(acc.Credential, r.At), nil
}

// tokens is what the token endpoint gives.
type tokens struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	ID        string `json:"id_token"`
	ExpiresIn int64  `json:"expires_in"`
	Scope     string `json:"scope"`
}

func readTokens(body []byte) (t tokens, err error) {
	if json.Unmarshal(body, &t) != nil || t.Access == "" {
		return t, errors.New("the token endpoint's answer is not a token")
	}
	return t, nil
}

// credential puts the tokens in the place of an earlier pair; what they leave out stays.
func (t *tokens) credential(c account.Credential, at time.Time) account.Credential {
	c.Kind, c.Secret = account.OAuth, secret.New(t.Access)
	if t.Refresh != "" {
		c.Refresh = secret.New(t.Refresh)
	}
	if c.ExpiresAt = readClaims(t.Access).expires(); t.ExpiresIn > 0 {
		c.ExpiresAt = at.Add(time.Duration(t.ExpiresIn) * time.Second).UTC()
	}
	if t.Scope != "" {
		c.Scopes = strings.Fields(t.Scope)
	}
	return c
}

// refusal is the word with which the token endpoint refuses a code or a refresh token for good; "" when it does not. A page
// in HTML comes from what stands before it, and a complaint about the client is about the configuration.
func refusal(r *provider.Reply) string {
	if r.Status != http.StatusBadRequest && r.Status != http.StatusUnauthorized && r.Status != http.StatusForbidden {
		return ""
	}
	switch why := tokenError(r.Body); why {
	case "invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type", "invalid_scope":
		return ""
	default:
		return why
	}
}

// tokenError is the endpoint's word for what is wrong, never its message: that may repeat the token.
func tokenError(body []byte) string {
	if !gjson.ValidBytes(body) {
		return ""
	}
	e := gjson.GetBytes(body, "error")
	word := e.String()
	if e.IsObject() {
		if word = e.Get("code").String(); word == "" {
			word = e.Get("type").String()
		}
	}
	if len(word) > 64 {
		return "refused"
	}
	return word
}

func tokenTrouble(r *provider.Reply) error {
	return fmt.Errorf("the token endpoint answered %s", strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, tokenError(r.Body))))
}
