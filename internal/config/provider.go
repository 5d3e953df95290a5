package config

import (
	"regexp"
	"slices"
	"strings"

	"crs/internal/secret"
)

// Provider is what was set under providers.NAME. An empty URL means the one the provider has built in.
type Provider struct {
	APIURL       string `key:"api_url" check:"url" doc:"Base URL of the provider's API, instead of the built-in one."`
	AuthorizeURL string `key:"authorize_url" check:"url" doc:"URL of the page where an account's owner logs in, instead of the built-in one."`
	TokenURL     string `key:"token_url" check:"url" doc:"URL where tokens are issued and refreshed, instead of the built-in one."`

	// Settings holds every further key, by its name. May be nil.
	Settings map[string]string `key:"KEY" doc:"Any further setting the provider knows. It is secret, and hidden, when its name contains secret, token, password or key."`
	// Secrets holds those further keys that are secret. May be nil.
	Secrets map[string]secret.String `key:"-"`
}

const providersTable = "providers"

var (
	providerName    = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	providerSetting = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	commonSettings  = []string{"api_url", "authorize_url", "token_url"}
	secretWords     = []string{"secret", "token", "password", "key"}
)

// isSecret reports whether a provider's setting of this name is to be hidden. It is not for the common settings, of which
// one has a name like a secret's.
func isSecret(setting string) bool {
	return slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(setting, word) })
}

// with gives p with one more setting.
func (p Provider) with(setting, value string) Provider {
	switch {
	case setting == "api_url":
		p.APIURL = value
	case setting == "authorize_url":
		p.AuthorizeURL = value
	case setting == "token_url":
		p.TokenURL = value
	case isSecret(setting):
		p.Secrets = put(p.Secrets, setting, secret.New(value))
	default:
		p.Settings = put(p.Settings, setting, value)
	}
	return p
}

func put[V any](m map[string]V, key string, value V) map[string]V {
	if m == nil {
		m = map[string]V{}
	}
	m[key] = value
	return m
}

// splitProviderKey takes "providers.NAME.SETTING" apart. Keys of any other form, or with names that could not be written
// in the environment, are not ok.
func splitProviderKey(key string) (name, setting string, ok bool) {
	parts := strings.Split(key, ".")
	if len(parts) != 3 || parts[0] != providersTable {
		return "", "", false
	}
	name, setting = parts[1], parts[2]
	return name, setting, providerName.MatchString(name) && providerSetting.MatchString(setting)
}
