package login

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"crs/lab/simulator/provider"
)

// vertexPath is where service accounts get their tokens. What they sign is for an address that ends like this.
const vertexPath = "/vertex/token"

// vertex imitates oauth2.googleapis.com as far as service accounts get their tokens there.
type vertex struct {
	endpoints
	services *Services
}

// NewVertex makes the token endpoint of service accounts.
func NewVertex(s *Services) provider.Provider {
	l := &vertex{services: s}
	l.Routes = provider.Routes{"POST " + vertexPath: {Answer: l.answerToken}}
	return l
}

func (l *vertex) answerToken(c *provider.Call, _ *provider.Step) provider.Reply {
	t, ok := readForm(c.Body)
	if !ok || t["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		return l.Refusal(c, *noGrant(400, "unsupported_grant_type", "Invalid grant_type"))
	}
	email, wrong := l.signer(t["assertion"], c.At)
	if wrong != "" {
		return l.Refusal(c, *noGrant(400, "invalid_grant", wrong))
	}
	c.Account = email
	life := l.services.find(email).life
	return secretly(claims{
		"access_token": l.services.issue(email, life, c.At), "token_type": "Bearer", "expires_in": int64(life.Seconds()),
	})
}

// signer is whose an assertion is, or what is wrong with it. It checks all that Google does.
func (l *vertex) signer(assertion string, now time.Time) (email, wrong string) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return "", "Bad Request"
	}
	var head struct{ Alg string }
	var said assertionClaims
	if !decodePart(parts[0], &head) || !decodePart(parts[1], &said) || head.Alg != "RS256" {
		return "", "Invalid JWT"
	}
	signature, _ := base64.RawURLEncoding.DecodeString(parts[2]) // what cannot be read is no signature
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch key := l.services.find(said.Iss).key; {
	case key == nil:
		return "", "Invalid grant: account not found"
	case rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil:
		return "", "Invalid JWT Signature."
	}
	return said.Iss, said.wrong(now)
}

// assertionClaims are what a service account signs.
type assertionClaims struct {
	Iss, Scope, Aud string
	Iat, Exp        int64
}

func (s assertionClaims) wrong(now time.Time) string {
	switch {
	case s.Scope != googleScope+"cloud-platform":
		return "Invalid scope"
	case !strings.HasSuffix(s.Aud, vertexPath):
		return "Invalid audience"
	case s.Iat > now.Add(time.Minute).Unix(), s.Exp <= now.Unix(), s.Exp > s.Iat+int64(time.Hour.Seconds()):
		return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
	}
	return ""
}

func decodePart(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}
