package openai

import (
	"errors"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// identify writes down whose tokens they are: requests must name the account. known is what is known of it otherwise.
func identify(acc *account.Account, access, id, known string) error {
	found := map[string]string{}
	for _, token := range []string{access, id} {
		about := provider.Claims(token).Get(`https://api\.openai\.com/auth`)
		if owner := about.Get("chatgpt_account_id").String(); owner != "" {
			found[accountID] = owner
		}
		if name := about.Get("chatgpt_plan_type").String(); name != "" {
			found[plan] = name
		}
	}
	if known != "" {
		found[accountID] = known
	}
	if !headerValue.MatchString(found[accountID]) || found[accountID] == "" {
		return errors.New("the login has no ChatGPT account; log in with one that may use Codex")
	}
	provider.SetOptions(acc, found)
	return nil
}
