package gemini

import (
	"cmp"
	"regexp"
	"strings"

	"crs/internal/account"
	names "crs/internal/model"
	"crs/proxyengine/provider"
)

// base is where a model's actions are: a host, and a path with {version}, {model} and {action} in it.
type base struct {
	endpoint provider.Endpoint
	path     string
}

var version = regexp.MustCompile(`/v[0-9]+[a-z0-9]*(/|$)`)

// baseOf takes what operators give for a base: a plain one, one with a version, one that ends in /models, or a whole path
// with {model} in it.
func baseOf(e provider.Endpoint) base {
	b := base{endpoint: e, path: braces.Replace(e.Path)}
	switch {
	case strings.Contains(b.path, "{model}"):
	case strings.HasSuffix(b.path, "/models"):
		b.path += "/{model}:{action}"
	case version.MatchString(b.path):
		b.path += "/models/{model}:{action}"
	default:
		b.path += "/{version}/models/{model}:{action}"
	}
	return b
}

// braces brings back what a URL's path is escaped in.
var braces = strings.NewReplacer("%7B", "{", "%7D", "}", "%7b", "{", "%7d", "}")

// at is the path of a model's action.
func (b *base) at(version, name, action string) string {
	parts := strings.Split(name, "/") // gateways have models with a slash
	for i := range parts {
		parts[i] = names.Escape(parts[i])
	}
	return strings.NewReplacer("{version}", version, "{model}", strings.Join(parts, "/"), "{action}", action).Replace(b.path)
}

// list is the path of the list of models; "" when the operator gave a path that has none.
func (b *base) list() string {
	path, ok := strings.CutSuffix(b.path, "/{model}:{action}")
	if !ok {
		return ""
	}
	return strings.Replace(path, "{version}", stable, 1)
}

// base is where an account's requests go.
func (p *Provider) base(acc *account.Account) (base, error) {
	usual := p.api
	if acc.Platform == Subscription {
		usual = p.assist
	}
	return p.bases.Of(acc, cmp.Or(acc.BaseURL, usual), baseOf)
}
