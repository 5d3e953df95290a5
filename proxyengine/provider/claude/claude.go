// Package claude is Anthropic's own API and every endpoint that speaks it: the platforms claude (subscriptions, by
// OAuth) and claude-console (API keys, any base URL). Facts: protocols.md, A and B.
package claude

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// The platforms.
const (
	Subscription = "claude"
	Console      = "claude-console"
)

// Options are what an operator can set: every address the provider has.
type Options struct {
	APIURL   string // empty means https://api.anthropic.com
	TokenURL string // empty means https://platform.claude.com/v1/oauth/token
	// AuthorizeURL is the page where an account's owner logs in; empty means https://claude.ai/oauth/authorize
	AuthorizeURL string
	ClientID     string // of the OAuth client; empty means Claude Code's
	Now          func() time.Time
}

// Provider serves the two platforms.
type Provider struct {
	api, authorize, clientID string
	token                    provider.Endpoint
	now                      func() time.Time
	bases                    provider.Bases[provider.Endpoint]
}

// New makes the provider. An address that makes no sense is an error.
func New(o Options) (*Provider, error) {
	p := &Provider{
		api:       cmp.Or(o.APIURL, "https://api.anthropic.com"),
		authorize: cmp.Or(o.AuthorizeURL, "https://claude.ai/oauth/authorize"),
		clientID:  cmp.Or(o.ClientID, "9d1c250a-e61b-44d9-88ed-5944d1962f5e"), now: o.Now,
	}
	return p, provider.ParseAddresses("claude",
		provider.Address{Setting: "api_url", Set: p.api},
		provider.Address{Setting: "token_url", Set: o.TokenURL, Usual: "https://platform.claude.com/v1/oauth/token", To: &p.token},
		provider.Address{Setting: "authorize_url", Set: p.authorize},
	)
}

// Name implements provider.Provider.
func (*Provider) Name() string { return "claude" }

// Platforms implements provider.Provider.
func (*Provider) Platforms() map[string]account.Platform {
	claude := account.Translation{To: anthropic.Messages, Models: []string{"claude-*"}}
	named := account.Translation{To: anthropic.Messages, Models: []string{"*"}} // the path says that Claude is meant
	console := account.Platform{
		Title: "an Anthropic API key, or an endpoint like it", Ways: []account.Way{account.ByKey},
		Examples: map[account.Way]string{account.ByKey: "work --api-key-file key.txt --max-concurrency 4"},
		Options: []account.Option{{
			Name: "auth", Label: "key is sent as", Help: "`HOW` its credential is sent", Values: []string{"auto", "x-api-key", "bearer", "both"}, Default: "auto",
		}},
		Services: []string{anthropic.Messages, anthropic.CountTokens},
		Translated: map[string]account.Translation{
			"openai/chat": claude, "openai/completions": claude, "openai/chat@claude": named, "openai/completions@claude": named,
		},
		Hosts: []string{"anthropic.com"}, Permission: "claude", Catalog: "anthropic",
	}
	subscription := console
	subscription.Title, subscription.Ways = "a Claude subscription", []account.Way{account.ByBrowser, account.BySetupToken, account.ByFile}
	subscription.File, subscription.Options = "~/.claude/.credentials.json", nil
	subscription.Examples = map[account.Way]string{
		account.ByBrowser: "max", account.BySetupToken: "ci --setup-token --group shared", account.ByFile: "max --file ~/.claude/.credentials.json",
	}
	subscription.OwnClient = anthropic.ClaudeCode
	return map[string]account.Platform{Subscription: subscription, Console: console}
}

// Check implements provider.Checker.
func (p *Provider) Check(acc *account.Account) error {
	switch {
	case acc.Platform == Subscription && acc.Credential.Kind == account.APIKey:
		return fmt.Errorf("platform claude takes a subscription's tokens: use crs account import, or platform claude-console for an API key")
	case acc.Platform == Console && acc.Credential.Kind != account.APIKey:
		return fmt.Errorf("platform claude-console takes an API key")
	}
	is := p.Platforms()[acc.Platform]
	return is.CheckOptions(acc)
}

// Meter implements provider.Provider.
func (*Provider) Meter(_ *provider.Intent, _ *account.Account, header provider.Header) provider.Meter {
	return anthropic.NewMeter(header)
}

// endpoint is where an account's requests go: what the path to the API is below. Some operators paste the whole path of an endpoint.
func (p *Provider) endpoint(acc *account.Account) (provider.Endpoint, error) {
	return p.bases.Of(acc, cmp.Or(acc.BaseURL, p.api), func(e provider.Endpoint) provider.Endpoint {
		e.Path = strings.TrimSuffix(strings.TrimSuffix(e.Path, "/v1/messages"), "/")
		return e
	})
}
