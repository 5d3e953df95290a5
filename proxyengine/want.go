package proxyengine

import (
	"cmp"

	"crs/internal/account"
	"crs/internal/bound"
	"crs/internal/jsonscan"
	"crs/internal/key"
	"crs/internal/model"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// usual is what is asked for a model most often, and by whom.
type usual struct {
	models, service, client string
	family                  func(name string) string
}

func usually() []usual {
	return []usual{
		{"claude-*", anthropic.Messages, anthropic.ClaudeCode, anthropic.Family},
		{"gemini-*", gemini.Generate, gemini.GeminiCLI, gemini.Family},
		{"*", openai.Responses, openai.CodexCLI, model.Base},
	}
}

// WantOf is what a request with a key would need of an account, for explaining. An empty service or client is the usual one
// for the model.
func WantOf(k *key.Key, service, name, client, session string) *account.Want {
	for _, u := range usually() {
		if model.Match(u.models, name) {
			return want(k, cmp.Or(service, u.service), name, u.family(name), cmp.Or(client, u.client), session)
		}
	}
	return want(k, service, name, "", client, session)
}

// want is used for serving and explaining alike.
func want(k *key.Key, service, name, family, client, session string) *account.Want {
	w := &account.Want{
		Key: k.ID, Service: service, Model: name, Family: family, Client: client, Account: k.Policy.Account, Group: k.Policy.Group,
		Permissions: k.Policy.Permissions,
	}
	if session = conversation(session); session != "" {
		// Two keys may name their sessions alike; they are still two people's.
		w.Session = k.ID + "\x00" + session
	}
	return w
}

// conversation is what a conversation is known by: what the client calls it, or a hash of that where it is long.
func conversation(session string) string {
	if len(session) <= bound.Session {
		return session
	}
	return provider.Digest(jsonscan.Bytes(session))
}
