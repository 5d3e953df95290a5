package openai

import (
	"encoding/json"
	"errors"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

// Import implements provider.Importer: the auth.json that Codex keeps. It holds a login, or an API key, or both; the
// platform says which is meant.
func (p *Provider) Import(platform string, file []byte, acc *account.Account) error {
	var saved struct {
		Key    string `json:"OPENAI_API_KEY"`
		Tokens *struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
			ID      string `json:"id_token"`
			Account string `json:"account_id"`
		} `json:"tokens"`
	}
	if json.Unmarshal(file, &saved) != nil {
		return errors.New("the file is not JSON as Codex writes it; it keeps its login in ~/.codex/auth.json")
	}
	login := saved.Tokens
	switch {
	case platform == API && saved.Key == "":
		return errors.New("the file holds no API key (OPENAI_API_KEY); a ChatGPT login is imported as platform openai")
	case platform == API:
		acc.Credential = account.Credential{Kind: account.APIKey, Secret: secret.New(saved.Key)}
		return nil
	case login == nil || login.Access == "":
		if saved.Key != "" {
			return errors.New("the file holds an API key and no ChatGPT login; import it as platform openai-responses")
		}
		return errors.New("the file holds no ChatGPT login (tokens.access_token); log in with Codex first, then import ~/.codex/auth.json")
	}
	if err := identify(acc, login.Access, login.ID, login.Account); err != nil {
		return err
	}
	return provider.Imported(acc, account.Credential{
		Kind: account.OAuth, Secret: secret.New(login.Access), Refresh: secret.New(login.Refresh), ExpiresAt: provider.TokenEnds(login.Access),
	}, p.now(), "Codex")
}
