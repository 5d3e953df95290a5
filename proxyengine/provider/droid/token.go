package droid

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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
	if r.Status != http.StatusOK {
		return account.Credential{}, tokenError(r)
	}
	c, _, err := readTokens(r)
	if err != nil {
		return account.Credential{}, err
	}
	if c.Refresh.Empty() {
		c.Refresh = acc.Credential.Refresh
	}
	c.Scopes, c.Generation = acc.Credential.Scopes, acc.Credential.Generation
	return c, nil
}

// readTokens reads a token pair, and the organization that it is for; "" when it does not say.
func readTokens(r *provider.Reply) (c account.Credential, org string, err error) {
	var t struct {
		Access       string          `json:"access_token"`
		Refresh      string          `json:"refresh_token"`
		Organization string          `json:"organization_id"`
		ExpiresIn    int64           `json:"expires_in"`
		ExpiresAt    json.RawMessage `json:"expires_at"`
	}
	if err := json.Unmarshal(r.Body, &t); err != nil || t.Access == "" {
		return c, "", errors.New("the token endpoint's answer is not a token")
	}
	c = account.Credential{Kind: account.OAuth, Secret: secret.New(t.Access), Refresh: secret.New(t.Refresh)}
	switch at := moment(t.ExpiresAt); {
	case t.ExpiresIn > 0:
		c.ExpiresAt = r.At.Add(time.Duration(t.ExpiresIn) * time.Second).UTC()
	case !at.IsZero():
		c.ExpiresAt = at
	default:
		if c.ExpiresAt = tokenEnd(t.Access); c.ExpiresAt.IsZero() {
			c.ExpiresAt = r.At.Add(unsaid).UTC()
		}
	}
	return c, t.Organization, nil
}

// unsaid is how long a token is used of which nobody says when it ends: it is good for about eight hours.
const unsaid = 6 * time.Hour

// moment reads unix seconds or RFC 3339, in quotes or not. Nonsense is the zero time.
func moment(raw []byte) time.Time {
	text := string(bytes.Trim(raw, `"`))
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 && n < 1<<40 {
		return time.Unix(n, 0).UTC()
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// tokenEnd reads when a token ends off the token, which is a JWT; zero when it is none. Nobody is trusted by it: it only
// tells when to refresh.
func tokenEnd(token string) time.Time {
	_, rest, _ := strings.Cut(token, ".")
	claims, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(claims)
	if err != nil {
		return time.Time{}
	}
	return moment([]byte(gjson.GetBytes(text, "exp").Raw))
}

// tokenError tells a refusal for good from trouble that passes. A page in HTML comes from what stands before the endpoint.
func tokenError(r *provider.Reply) error {
	why := errorCode(r)
	final := r.Status == http.StatusBadRequest || r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden
	if final && why != "" {
		return &provider.NeedsLogin{Why: why}
	}
	return fmt.Errorf("the token endpoint answered %d %s", r.Status, why)
}

func errorCode(r *provider.Reply) string {
	doc := gjson.ParseBytes(r.Body)
	return cmp.Or(doc.Get("error").String(), doc.Get("code").String())
}

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
	acc.Credential = account.Credential{
		Kind: account.OAuth, Secret: secret.New(saved.Access), Refresh: secret.New(saved.Refresh), ExpiresAt: tokenEnd(saved.Access),
	}
	if acc.Credential.ExpiresAt.IsZero() && saved.Refresh != "" {
		acc.Credential.ExpiresAt = p.now().UTC() // nobody knows how old it is: it is refreshed before its first use
	}
	if acc.Credential.Dead(p.now()) {
		return errors.New("the login in the file has ended and has no refresh token; log in with Droid again")
	}
	keep(acc, saved.Organization)
	return nil
}
