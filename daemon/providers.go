package daemon

import (
	"time"

	"crs/internal/account"
	"crs/internal/config"
	"crs/proxyengine"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/claude"
)

// providers is the one list of upstream families: a new one is a folder of its own and a line here.
func providers(cfg map[string]config.Provider, now func() time.Time) ([]provider.Provider, error) {
	var all []provider.Provider
	add := func(p provider.Provider, err error) error {
		all = append(all, p)
		return err
	}
	c := cfg["claude"]
	if err := add(claude.New(claude.Options{APIURL: c.APIURL, TokenURL: c.TokenURL, ClientID: c.Settings["client_id"], Now: now})); err != nil {
		return nil, err
	}
	return all, nil
}

// ProviderNames are the names that may stand in the configuration's providers.NAME.
func ProviderNames() []string { return []string{"claude"} }

// mounts are the protocols that clients may speak, and where.
func mounts() []proxyengine.Mount {
	return []proxyengine.Mount{
		{Protocol: anthropic.Protocol{}, Prefixes: []string{"/api", "/claude"}},
	}
}

// platforms puts what every provider's platforms are together.
func platforms(all []provider.Provider) (facts map[string]account.Platform, by map[string]provider.Provider) {
	facts, by = map[string]account.Platform{}, map[string]provider.Provider{}
	for _, p := range all {
		for name, fact := range p.Platforms() {
			facts[name], by[name] = fact, p
		}
	}
	return facts, by
}
