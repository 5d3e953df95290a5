package key

import (
	"fmt"
	"slices"
	"strings"

	"crs/internal/model"
)

// NotAllowed is a request that a key may not make, whenever it is made.
type NotAllowed struct {
	What    string // "model" or "client"
	Value   string
	Allowed []string // what is allowed, as far as that is a list
}

// Error implements error.
func (e *NotAllowed) Error() string {
	value := fmt.Sprintf("the %s %q", e.What, e.Value)
	if e.Value == "" {
		value = "this " + e.What
	}
	text := value + " is not allowed for this key"
	if len(e.Allowed) > 0 {
		text += " (allowed: " + strings.Join(e.Allowed, ", ") + ")"
	}
	return text
}

// Allows reports whether the key may ask from a client for a model; it is a *NotAllowed when it may not. An unknown client is
// "". What platforms it may use is found out when an account is picked.
func (p *Policy) Allows(client, name string) error {
	switch {
	case len(p.Clients) > 0 && !slices.Contains(p.Clients, client):
		return &NotAllowed{What: "client", Value: client, Allowed: p.Clients}
	case !p.AllowsModel(name):
		return &NotAllowed{What: "model", Value: name, Allowed: p.AllowModels}
	}
	return nil
}

// AllowsModel reports whether the key may use a model.
func (p *Policy) AllowsModel(name string) bool {
	return !matches(p.DenyModels, name) && (len(p.AllowModels) == 0 || matches(p.AllowModels, name))
}

// matches also knows a model by its plain name: who may not use claude-opus-* may not use us.anthropic.claude-opus-5 either.
func matches(patterns []string, name string) bool {
	if len(patterns) == 0 {
		return false
	}
	plain := model.Plain(name)
	return model.MatchAny(patterns, name) || plain != name && model.MatchAny(patterns, plain)
}
