package openai

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"time"

	"crs/internal/account"
)

// claims is what the relay must know of a token's inside. Its signature is not checked: it comes from the token endpoint
// itself, or from the operator, and decides nothing here.
type claims struct {
	Expires float64 `json:"exp"`
	Auth    struct {
		Account string `json:"chatgpt_account_id"`
		Plan    string `json:"chatgpt_plan_type"`
	} `json:"https://api.openai.com/auth"`
}

// readClaims gives none for what is no JWT.
func readClaims(token string) (c claims) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(payload, &c) != nil {
		return claims{}
	}
	return c
}

// expires is when the token ends; zero when it does not say.
func (c claims) expires() time.Time {
	if c.Expires < 1 || c.Expires > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(c.Expires), 0).UTC()
}

// identify writes down whose tokens they are: requests must name the account. known is what is known of it otherwise.
func identify(acc *account.Account, t *tokens, known string) error {
	id, access := readClaims(t.ID), readClaims(t.Access)
	found := map[string]string{}
	for _, c := range []claims{access, id} {
		if c.Auth.Account != "" {
			found[accountID] = c.Auth.Account
		}
		if c.Auth.Plan != "" {
			found[plan] = c.Auth.Plan
		}
	}
	if known != "" {
		found[accountID] = known
	}
	if !headerValue.MatchString(found[accountID]) || found[accountID] == "" {
		return errors.New("the login has no ChatGPT account; log in with one that may use Codex")
	}
	options := maps.Clone(acc.Options)
	if options == nil {
		options = map[string]string{}
	}
	maps.Copy(options, found)
	acc.Options = options
	return nil
}
