// Package gemini is Google's Gemini: the platforms gemini-api (API keys, any base URL that speaks the same) and gemini (Code
// Assist, by a Google login). Facts: protocols.md, D.
package gemini

import (
	"cmp"
	"errors"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// The platforms.
const (
	Subscription = "gemini"
	API          = "gemini-api"
)

// Options are what an operator can set. An empty address means the provider's own.
type Options struct {
	APIURL       string // https://generativelanguage.googleapis.com
	AssistURL    string // of Code Assist: https://cloudcode-pa.googleapis.com
	AuthorizeURL string // https://accounts.google.com/o/oauth2/v2/auth
	TokenURL     string // https://oauth2.googleapis.com/token
	// ClientID and ClientSecret are Gemini CLI's at Google. There are none built in: without them there is no login and no
	// refresh.
	ClientID     string
	ClientSecret secret.String
	Now          func() time.Time
}

// Provider serves the two platforms.
type Provider struct {
	api, assist, authorize string
	token                  provider.Endpoint
	clientID               string
	clientSecret           secret.String
	now                    func() time.Time
	zone                   *time.Location // where Google's days begin
	bases                  provider.Bases[base]
}

// New makes the provider. An address that makes no sense is an error.
func New(o Options) (*Provider, error) {
	p := &Provider{
		api: cmp.Or(o.APIURL, "https://generativelanguage.googleapis.com"), assist: cmp.Or(o.AssistURL, "https://cloudcode-pa.googleapis.com"),
		authorize: cmp.Or(o.AuthorizeURL, "https://accounts.google.com/o/oauth2/v2/auth"), clientID: o.ClientID,
		clientSecret: o.ClientSecret, now: o.Now, zone: pacific(),
	}
	if p.now == nil {
		p.now = time.Now
	}
	return p, provider.ParseAddresses("gemini",
		provider.Address{Setting: "api_url", Set: p.api},
		provider.Address{Setting: "code_assist_url", Set: p.assist},
		provider.Address{Setting: "token_url", Set: o.TokenURL, Usual: "https://oauth2.googleapis.com/token", To: &p.token},
		provider.Address{Setting: "authorize_url", Set: p.authorize},
	)
}

func pacific() *time.Location {
	if zone, err := time.LoadLocation("America/Los_Angeles"); err == nil {
		return zone
	}
	return time.FixedZone("PST", -8*60*60) // an hour off in summer
}

// Name implements provider.Provider.
func (*Provider) Name() string { return "gemini" }

// Platforms implements provider.Provider.
func (*Provider) Platforms() map[string]account.Platform {
	own := account.Translation{To: gemini.Generate, Models: []string{"gemini-*"}}
	named := account.Translation{To: gemini.Generate, Models: []string{"*"}} // the path says that Gemini is meant
	api := account.Platform{
		Title: "a Gemini API key", Ways: []account.Way{account.ByKey},
		Examples: map[account.Way]string{account.ByKey: "studio --api-key-file -"},
		Services: []string{gemini.Generate, gemini.Count, gemini.Embed, gemini.CodeAssist, gemini.CodeAssistCount},
		Translated: map[string]account.Translation{
			"openai/chat": own, "openai/completions": own, "openai/chat@gemini": named, "openai/completions@gemini": named,
			anthropic.Messages: {To: gemini.Generate},
		},
		Foreign: []string{"claude-*", "gpt-*", "o1*", "o3*", "o4*", "codex-*"},
		Hosts:   []string{"googleapis.com"}, Permission: "gemini", Catalog: "gemini",
	}
	subscription := api
	subscription.Title, subscription.Ways = "a Google login, as Gemini CLI uses it", []account.Way{account.ByBrowser, account.ByFile}
	subscription.Examples = map[account.Way]string{account.ByBrowser: "mine --print-url -o json", account.ByFile: "mine --file ~/.gemini/oauth_creds.json"}
	subscription.File = "~/.gemini/oauth_creds.json"
	subscription.Options = []account.Option{{Name: project, Label: "project", Help: "`ID` of the project that requests belong to"}}
	subscription.Services = []string{gemini.Generate, gemini.Count, gemini.CodeAssist, gemini.CodeAssistCount}
	subscription.OwnClient = gemini.GeminiCLI
	return map[string]account.Platform{API: api, Subscription: subscription}
}

// The options of an account.
const (
	project = "project" // of gemini: the Google Cloud project that requests name; logins find it out, or the operator says it
	plan    = "plan"    // of gemini: the tier, for people; logins set it
)

// Check implements provider.Checker.
func (p *Provider) Check(acc *account.Account) error {
	switch {
	case acc.Platform == Subscription && acc.Credential.Kind == account.APIKey:
		return errors.New("platform gemini takes a Google login: use crs account login or crs account import, or platform gemini-api for an API key")
	case acc.Platform == Subscription && acc.Options[project] == "":
		return errors.New("the Google Cloud project (option project) is missing; log in, or import ~/.gemini/oauth_creds.json")
	case acc.Platform == API && acc.Credential.Kind != account.APIKey:
		return errors.New("platform gemini-api takes an API key")
	}
	if err := provider.CheckMap(acc, placeOf); err != nil {
		return err
	}
	_, err := p.base(acc)
	return err
}

// Windows implements provider.Provider: neither API shows gauges in its headers.
func (*Provider) Windows(provider.Header, time.Time) []account.Window { return nil }

// Meter implements provider.Provider. What one API answers in the place of the other is wrapped, or unwrapped.
func (*Provider) Meter(want *provider.Intent, acc *account.Account, header provider.Header) provider.Meter {
	m := gemini.NewMeter(header)
	switch {
	case want.Service == gemini.CodeAssist && acc.Platform == API:
		return newReshaped(m, wrapped)
	case generates(want) && acc.Platform == Subscription:
		return newReshaped(m, unwrapped)
	}
	return m
}

// generates reports whether content is asked for in the public API's way.
func generates(want *provider.Intent) bool {
	return want.Service == gemini.Generate || want.Service == gemini.GenerateArray
}
