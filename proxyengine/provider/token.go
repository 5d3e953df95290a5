package provider

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/internal/secret"
)

// Issued puts what a token endpoint gives in the place of what a credential has (RFC 6749, 5.1); what the answer leaves out stays. When
// the token does not say when it ends, and the answer neither, that is not known: the zero time. A token that no
// head could carry is an error. refused says what an answer is that is no success: a *NeedsLogin where the refusal is for good.
func Issued(c account.Credential, r *Reply, refused func(*Reply) error) (account.Credential, error) {
	if r.Status != http.StatusOK {
		return account.Credential{}, refused(r)
	}
	var t struct {
		Access    string `json:"access_token"`
		Refresh   string `json:"refresh_token"`
		ExpiresIn int64  `json:"expires_in"`
		Scope     string `json:"scope"`
	}
	if json.Unmarshal(r.Body, &t) != nil || t.Access == "" {
		return account.Credential{}, errors.New("the token endpoint's answer is not a token")
	}
	c.Secret, c.ExpiresAt = secret.New(t.Access), TokenEnds(t.Access)
	if t.Refresh != "" {
		c.Refresh = secret.New(t.Refresh)
	}
	if t.ExpiresIn > 0 {
		c.ExpiresAt = r.At.Add(time.Duration(t.ExpiresIn) * time.Second).UTC()
	}
	if t.Scope != "" {
		c.Scopes = strings.Fields(t.Scope)
	}
	if err := c.Check(); err != nil {
		return account.Credential{}, fmt.Errorf("the token endpoint's answer is of no use: %w", err)
	}
	return c, nil
}

// TokenError is what a token endpoint's refusal means: with a word of its own it is for good, but for the words that are about the
// relay's configuration. A page comes from what stands before the endpoint, and anything else passes.
func TokenError(r *Reply, configuration ...string) error {
	final := r.Status == http.StatusBadRequest || r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden
	if why := TokenRefusal(r); final && why != "" && !slices.Contains(configuration, why) {
		return &NeedsLogin{Why: why}
	}
	return TokenTrouble(r)
}

// TokenTrouble is an answer of a token endpoint that is neither a token nor a refusal for good.
func TokenTrouble(r *Reply) error {
	return fmt.Errorf("the token endpoint answered %s", strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, TokenRefusal(r))))
}

// TokenRefusal is a token endpoint's word for what is wrong (RFC 6749, 5.2; some have an object there, or the word elsewhere), never its
// message: that may repeat the token.
func TokenRefusal(r *Reply) string {
	if !gjson.ValidBytes(r.Body) {
		return ""
	}
	for _, path := range []string{"error.code", "error.type", "error", "code"} {
		switch word := gjson.GetBytes(r.Body, path).String(); {
		case len(word) > 64:
			return "refused"
		case word != "":
			return word
		}
	}
	return ""
}

// Claims is what a token says that is a JWT; nothing of one that is none. Its signature is not checked: it comes from the token endpoint
// itself, or from the operator, and decides nothing here.
func Claims(token string) gjson.Result {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(payload, "="))
	if err != nil || !gjson.ValidBytes(text) {
		return gjson.Result{}
	}
	return gjson.ParseBytes(text)
}

// TokenEnds is when a token ends that is a JWT; zero when it does not say.
func TokenEnds(token string) time.Time {
	n := Claims(token).Get("exp").Int()
	if n < 1 || n > 1<<40 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}
