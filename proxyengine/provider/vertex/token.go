package vertex

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"time"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

const (
	scope     = "https://www.googleapis.com/auth/cloud-platform"
	grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// assertionLife is how long Google lets an assertion be good for, and about how long a token is.
	assertionLife = time.Hour
	// slack is how far this machine's clock may be ahead of Google's.
	slack = 10 * time.Second
)

// RenewRequest implements provider.Renewer: an assertion, signed with the service account's key, is exchanged for an access token
// (RFC 7523).
func (p *Provider) RenewRequest(acc *account.Account) (*provider.Outbound, error) {
	k, err := parseKey(acc.Credential.Refresh)
	if err != nil {
		return nil, err
	}
	signed, err := k.assertion(p.tokenURL, p.now().Add(-slack))
	if err != nil {
		return nil, err
	}
	return provider.Form(p.token, "", url.Values{"grant_type": {grantType}, "assertion": {signed}}), nil
}

// assertion is a JWT by which the service account says who it is. golang.org/x/oauth2 makes the same, but asks for the token by itself,
// past the account's proxy, and by no clock but the machine's.
func (k *key) assertion(audience string, at time.Time) (string, error) {
	type head struct {
		Algorithm string `json:"alg"`
		Type      string `json:"typ"`
		ID        string `json:"kid,omitempty"`
	}
	type claims struct {
		Issuer   string `json:"iss"`
		Scope    string `json:"scope"`
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
		Issued   int64  `json:"iat"`
	}
	h, c := provider.Encode(head{"RS256", "JWT", k.id}), provider.Encode(claims{k.email, scope, audience, at.Add(assertionLife).Unix(), at.Unix()})
	enc := base64.RawURLEncoding
	said := enc.EncodeToString(h) + "." + enc.EncodeToString(c)
	sum := sha256.Sum256([]byte(said))
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", errors.New("the assertion of the service account cannot be signed with its key")
	}
	return said + "." + enc.EncodeToString(signature), nil
}

// Renewed implements provider.Renewer. The key stays what it is, whatever comes beside the token.
func (*Provider) Renewed(acc *account.Account, r *provider.Reply) (account.Credential, error) {
	c, err := provider.Issued(acc.Credential, r, refused)
	if err != nil {
		return account.Credential{}, err
	}
	if c.Refresh = acc.Credential.Refresh; c.ExpiresAt.IsZero() {
		c.ExpiresAt = r.At.Add(assertionLife).UTC()
	}
	return c, nil
}

// refused tells a refusal for good from trouble that passes.
func refused(r *provider.Reply) error {
	if word := provider.TokenRefusal(r); word == "invalid_grant" {
		return &provider.NeedsLogin{Why: word + " (its key was deleted, it is disabled, or this machine's clock is wrong)"}
	}
	return provider.TokenTrouble(r)
}
