package proxyengine

import (
	"crs/internal/account"
	"crs/internal/key"
	"crs/proxyengine/protocol/anthropic"
)

// WantOf is what a request with a key would need of an account, for explaining. An empty service means messages; an empty
// client, Claude Code.
func WantOf(k *key.Key, service, name, client, session string) *account.Want {
	if service == "" {
		service = anthropic.Messages
	}
	if client == "" {
		client = anthropic.ClaudeCode
	}
	return want(k, service, name, anthropic.Family(name), client, session)
}

// want is used for serving and explaining alike.
func want(k *key.Key, service, name, family, client, session string) *account.Want {
	w := &account.Want{
		Service: service, Model: name, Family: family, Client: client, Account: k.Policy.Account, Group: k.Policy.Group,
	}
	if session != "" {
		// Two keys may name their sessions alike; they are still two people's.
		w.Session = k.ID + "\x00" + session
	}
	return w
}
