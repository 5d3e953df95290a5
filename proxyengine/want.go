package proxyengine

import (
	"cmp"

	"crs/internal/account"
	"crs/internal/bound"
	"crs/internal/jsonscan"
	"crs/internal/key"
	"crs/internal/model"
	"crs/proxyengine/provider"
)

// Usual is what is asked for some models most often, and by whom.
type Usual struct {
	Models          string // a pattern
	Service, Client string
	Family          func(model string) string
}

// WantOf is what a request with a key would need of an account, for explaining. An empty service or client is the usual one for the
// model: that of the first pattern that it fits.
func WantOf(usually []Usual, k *key.Key, service, name, client, session string) *account.Want {
	for _, u := range usually {
		if model.Match(u.Models, name) {
			return want(k, cmp.Or(service, u.Service), name, u.Family(name), cmp.Or(client, u.Client), session)
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
