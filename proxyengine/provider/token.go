package provider

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/internal/secret"
)

// Issued puts what a token endpoint gives in the place of what a credential has (RFC 6749, 5.1); what the answer leaves out stays.
func Issued(c account.Credential, r *Reply) (account.Credential, error) {
	var t struct {
		Access    string `json:"access_token"`
		Refresh   string `json:"refresh_token"`
		ExpiresIn int64  `json:"expires_in"`
		Scope     string `json:"scope"`
	}
	if json.Unmarshal(r.Body, &t) != nil || t.Access == "" {
		return c, errors.New("the token endpoint's answer is not a token")
	}
	c.Secret, c.ExpiresAt = secret.New(t.Access), time.Time{}
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

// TokenRefusal is a token endpoint's word for what is wrong (RFC 6749, 5.2), never its message: that may repeat the token.
func TokenRefusal(r *Reply) string {
	if !gjson.ValidBytes(r.Body) {
		return ""
	}
	word := gjson.GetBytes(r.Body, "error").String()
	if len(word) > 64 {
		return "refused"
	}
	return word
}
