// Package openai is OpenAI's own API and every endpoint that speaks it: the platforms openai-responses (API keys, any base
// URL) and openai (Codex by a ChatGPT subscription). Facts: protocols.md, E.
package openai

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// The platforms.
const (
	Subscription = "openai"
	API          = "openai-responses"
)

// Options are what an operator can set: every address the provider has. An empty one means the provider's own.
type Options struct {
	APIURL     string // https://api.openai.com
	ChatGPTURL string // https://chatgpt.com/backend-api/codex
	AuthURL    string // the page to log in: https://auth.openai.com/oauth/authorize
	TokenURL   string // https://auth.openai.com/oauth/token
	DeviceURL  string // of logins on another device, with /api/accounts/deviceauth/… and /codex/device below it: https://auth.openai.com
	ClientID   string // of the OAuth client; empty means Codex's
	Now        func() time.Time
}

// Provider serves the two platforms.
type Provider struct {
	api, chatgpt, authPage, devicePage string
	token, device                      provider.Endpoint
	clientID                           string
	now                                func() time.Time
	apis, chatgpts                     provider.Bases[provider.Endpoint]
}

// New makes the provider. An address that makes no sense is an error.
func New(o Options) (*Provider, error) {
	p := &Provider{
		clientID:   cmp.Or(o.ClientID, "app_EMoamEEZ73f0CkXaXp7hrann"),
		api:        cmp.Or(o.APIURL, "https://api.openai.com"),
		chatgpt:    cmp.Or(o.ChatGPTURL, "https://chatgpt.com/backend-api/codex"),
		authPage:   cmp.Or(o.AuthURL, "https://auth.openai.com/oauth/authorize"),
		devicePage: strings.TrimRight(cmp.Or(o.DeviceURL, "https://auth.openai.com"), "/"),
		now:        o.Now,
	}
	if p.now == nil {
		p.now = time.Now
	}
	return p, provider.ParseAddresses("openai",
		provider.Address{Setting: "api_url", Set: p.api},
		provider.Address{Setting: "chatgpt_url", Set: p.chatgpt},
		provider.Address{Setting: "token_url", Set: o.TokenURL, Usual: "https://auth.openai.com/oauth/token", To: &p.token},
		provider.Address{Setting: "device_url", Set: p.devicePage, To: &p.device},
		provider.Address{Setting: "authorize_url", Set: p.authPage},
	)
}

// Name implements provider.Provider.
func (*Provider) Name() string { return "openai" }

// Platforms implements provider.Provider.
func (*Provider) Platforms() map[string]account.Platform {
	foreign := []string{"claude-*", "gemini-*"}
	return map[string]account.Platform{
		API: {
			Title: "an OpenAI API key, or an endpoint like it", Ways: []account.Way{account.ByKey},
			Examples: map[account.Way]string{account.ByKey: "other --api-key-file key.txt --base-url https://api.example.com/v1"},
			Options: []account.Option{
				{Name: organization, Label: "organization", Help: "`ID` of the organization that pays"},
				{Name: project, Label: "project", Help: "`ID` of the project that requests belong to"},
			},
			Services:   []string{openai.Responses, openai.Compact, openai.Chat, openai.Completions, openai.Embeddings, openai.Images},
			Translated: map[string]account.Translation{anthropic.Messages: {To: openai.Chat}},
			Foreign:    foreign, Hosts: []string{"openai.com", "chatgpt.com"}, Permission: "openai", Catalog: "openai",
		},
		Subscription: {
			Title: "a ChatGPT subscription, as Codex uses it", Ways: []account.Way{account.ByBrowser, account.ByDevice, account.ByFile}, File: "~/.codex/auth.json",
			Examples: map[account.Way]string{
				account.ByBrowser: "plus", account.ByDevice: "plus --device --proxy-file proxy.txt", account.ByFile: "plus --file ~/.codex/auth.json",
			},
			Services:   []string{openai.Responses, openai.Compact, openai.Images},
			Translated: map[string]account.Translation{anthropic.Messages: {To: openai.Responses}},
			Foreign:    foreign, OwnClient: openai.CodexCLI, Hosts: []string{"openai.com", "chatgpt.com"}, Permission: "openai", Catalog: "openai",
		},
	}
}

// Check implements provider.Checker.
func (*Provider) Check(acc *account.Account) error {
	switch {
	case acc.Platform == Subscription && acc.Credential.Kind == account.APIKey:
		return errors.New("platform openai takes a ChatGPT subscription's tokens: use crs account login or crs account import, or platform openai-responses for an API key")
	case acc.Platform == Subscription && acc.Options[accountID] == "":
		return errors.New("the id of the ChatGPT account (option account_id) is missing; log in, or import ~/.codex/auth.json")
	case acc.Platform == API && acc.Credential.Kind != account.APIKey:
		return errors.New("platform openai-responses takes an API key")
	}
	for _, name := range []string{organization, project, accountID} {
		if value := acc.Options[name]; !headerValue.MatchString(value) {
			return fmt.Errorf("option %s: %q cannot stand in a header", name, value)
		}
	}
	return nil
}

var headerValue = regexp.MustCompile(`^[\x21-\x7e]*$`)

// The options of an account.
const (
	organization = "organization" // of openai-responses: whom OpenAI bills, when the key belongs to several
	project      = "project"      // of openai-responses
	accountID    = "account_id"   // of openai: the ChatGPT account; logins and imports set it
	plan         = "plan"         // of openai: what it subscribes to, for people; logins and imports set it
)

// Meter implements provider.Provider.
func (*Provider) Meter(want *provider.Intent, _ *account.Account, header provider.Header) provider.Meter {
	return openai.NewMeter(want, header)
}

// Terms implements provider.Termed: ChatGPT's backend answers that it served the default tier whatever it served, and what a region
// costs more is told by its host alone.
func (*Provider) Terms(want *provider.Intent, acc *account.Account, c *provider.Count) {
	if acc.Platform == Subscription {
		if want.Tier != "" && (c.Tier == "" || c.Tier == "default" || c.Tier == "auto") {
			c.Tier = want.Tier
		}
		return
	}
	c.Region = cmp.Or(c.Region, regionOf(acc.BaseURL))
}

// regionalHosts are APIs whose hosts may begin with a region: us.api.openai.com.
var regionalHosts = []string{".api.openai.com", ".api.x.ai"}

// regionOf is the region that an API's address names.
func regionOf(address string) string {
	for _, host := range regionalHosts {
		if before, _, found := strings.Cut(address, host); found {
			region, _, _ := strings.Cut(strings.ToLower(before[strings.LastIndexByte(before, '/')+1:]), "-") // us-east-1
			return region
		}
	}
	return ""
}

// endpoint is where an account's requests go.
func (p *Provider) endpoint(acc *account.Account) (provider.Endpoint, error) {
	if acc.Platform == Subscription {
		return p.chatgpts.Of(acc, cmp.Or(acc.BaseURL, p.chatgpt), provider.AsItIs)
	}
	return p.apis.Of(acc, cmp.Or(acc.BaseURL, p.api), func(e provider.Endpoint) provider.Endpoint {
		e.Path = base(e.Path)
		return e
	})
}

var version = regexp.MustCompile(`/v[0-9]+[a-z0-9]*(/|$)`)

// base is the path that an API's own paths are below: one that names a version somewhere is taken as it is, such as /v1 or
// /v1beta/openai, any other one has its API below /v1. Some operators paste the whole path of an endpoint.
func base(path string) string {
	for _, endpoint := range []string{"/chat/completions", "/responses", "/completions", "/embeddings"} {
		path = strings.TrimSuffix(path, endpoint)
	}
	if version.MatchString(path) {
		return path
	}
	return path + "/v1"
}
