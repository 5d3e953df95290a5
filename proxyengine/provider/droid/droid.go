// Package droid is Factory's API, which serves the models of several vendors, each in its vendor's protocol: the platform
// droid, with a login by OAuth or an API key. Facts: protocols.md, G.
package droid

import (
	"cmp"
	"errors"
	"regexp"
	"strings"
	"time"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/factory"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// Platform is the platform's name.
const Platform = "droid"

// Options are what an operator can set: every address the provider has.
type Options struct {
	APIURL   string // of the models; empty means https://api.factory.ai/api/llm
	AppURL   string // where organizations are listed; empty means https://app.factory.ai
	AuthURL  string // base of where tokens are issued (token_url in the configuration); empty means https://api.workos.com
	ClientID string // of the OAuth client; empty means Factory's CLI's
	Now      func() time.Time
}

// Provider serves the platform.
type Provider struct {
	api, clientID string
	app, auth     provider.Endpoint
	now           func() time.Time
	bases         provider.Bases[provider.Endpoint]
}

// New makes the provider. An address that makes no sense is an error.
func New(o Options) (*Provider, error) {
	p := &Provider{api: cmp.Or(o.APIURL, "https://api.factory.ai/api/llm"), clientID: cmp.Or(o.ClientID, "client_01HNM792M5G5G1A2THWPXKFMXB"), now: o.Now}
	return p, provider.ParseAddresses(Platform,
		provider.Address{Setting: "api_url", Set: p.api},
		provider.Address{Setting: "app_url", Set: o.AppURL, Usual: "https://app.factory.ai", To: &p.app},
		provider.Address{Setting: "token_url", Set: o.AuthURL, Usual: "https://api.workos.com", To: &p.auth},
	)
}

// Name implements provider.Provider.
func (*Provider) Name() string { return Platform }

// Platforms implements provider.Provider. The account is asked for only where Factory was named by the path: its models
// have the names of their vendors' own.
func (*Provider) Platforms() map[string]account.Platform {
	const only = "@" + Platform
	return map[string]account.Platform{Platform: {
		Title: "a Factory login, or its API key", Ways: []account.Way{account.ByDevice, account.ByKey, account.ByFile}, File: "~/.factory/auth.json",
		Examples: map[account.Way]string{
			account.ByKey: "factory --api-key-file key.txt", account.ByDevice: "factory --device", account.ByFile: "factory --file ~/.factory/auth.json",
		},
		Services: []string{
			anthropic.Messages + only, anthropic.CountTokens + only, openai.Responses + only, openai.Chat + only,
		},
		OwnClient: factory.Droid, Hosts: []string{"factory.ai"}, Permission: Platform,
	}}
}

// oneKey is what an API key looks like: one word that fits into a header.
var oneKey = regexp.MustCompile(`^[!-+\--~]+$`)

// Check implements provider.Checker.
func (*Provider) Check(acc *account.Account) error {
	c := &acc.Credential
	switch {
	case c.Kind == account.SetupToken:
		return errors.New("platform droid takes a login or an API key, no setup token")
	case c.Kind != account.APIKey || oneKey.MatchString(strings.TrimSpace(c.Secret.Reveal())):
		return nil
	}
	return errors.New("an account has one API key, and this is more or less than one: " +
		"add an account for each key, and put them into a group (--group) that is used as one")
}

// Windows implements provider.Provider: Factory shows no gauges.
func (*Provider) Windows(provider.Header, time.Time) []account.Window { return nil }

// Meter implements provider.Provider.
func (*Provider) Meter(want *provider.Intent, _ *account.Account, header provider.Header) provider.Meter {
	if isAnthropic(want) {
		return anthropic.NewMeter(header)
	}
	return openai.NewMeter(want, header)
}

func isAnthropic(want *provider.Intent) bool {
	return want.Service == anthropic.Messages || want.Service == anthropic.CountTokens
}

// endpoint is where an account's requests go.
func (p *Provider) endpoint(acc *account.Account) (provider.Endpoint, error) {
	return p.bases.Of(acc, cmp.Or(acc.BaseURL, p.api), provider.AsItIs)
}
