// Package vertex is Google Cloud's Vertex AI: the platform vertex, whose accounts have a service account's key, which opens Claude's and
// Gemini's models, or an API key, which opens Gemini's alone. Claude is asked by rawPredict, with its version in the body and its model
// in the path, Gemini by generateContent.
package vertex

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"crs/internal/account"
	"crs/internal/model"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// Platform is the platform's name.
const Platform = "vertex"

// The options of an account.
const (
	project  = "project"
	location = "location"
)

// Options are what an operator can set.
type Options struct {
	// APIURL is the API's address; LOCATION in it stands for an account's location. Empty means Google's own.
	APIURL string
	// TokenURL is where access tokens are issued, whatever a service account's file says of that. Empty means
	// https://oauth2.googleapis.com/token
	TokenURL string
	Now      func() time.Time
}

// Provider serves the platform.
type Provider struct {
	api      string
	tokenURL string
	token    provider.Endpoint
	now      func() time.Time
	bases    provider.Bases[provider.Endpoint]
}

// New makes the provider. An address that makes no sense is an error.
func New(o Options) (*Provider, error) {
	p := &Provider{api: o.APIURL, tokenURL: cmp.Or(o.TokenURL, "https://oauth2.googleapis.com/token"), now: o.Now}
	return p, provider.ParseAddresses(Platform,
		provider.Address{Setting: "api_url", Set: p.in("global")}, provider.Address{Setting: "token_url", Set: p.tokenURL, To: &p.token},
	)
}

// in is where a location is.
func (p *Provider) in(location string) string {
	switch {
	case p.api != "":
		return strings.ReplaceAll(p.api, "LOCATION", location)
	case location == "global":
		return "https://aiplatform.googleapis.com"
	case location == "us", location == "eu":
		return "https://aiplatform." + location + ".rep.googleapis.com"
	}
	return "https://" + location + "-aiplatform.googleapis.com"
}

// Name implements provider.Provider.
func (*Provider) Name() string { return Platform }

// Platforms implements provider.Provider.
func (*Provider) Platforms() map[string]account.Platform {
	claude, google := []string{"claude-*"}, []string{"gemini-*"}
	toClaude, toGemini := account.Translation{To: anthropic.Messages, Models: claude}, account.Translation{To: gemini.Generate, Models: google}
	either := toClaude
	either.Or = &toGemini
	return map[string]account.Platform{Platform: {
		Title: "Claude and Gemini on Google Cloud", Ways: []account.Way{account.ByService, account.ByKey},
		KeyHelp: "an API key, which opens Gemini's models only: Claude's take a service account's key (--credentials-file)",
		Examples: map[account.Way]string{
			account.ByService: "cloud --credentials-file key.json --location europe-west1", account.ByKey: "studio --api-key-file key.txt",
		},
		Options: []account.Option{
			{Name: project, Label: "project", Help: "`ID` of the project that requests belong to"},
			{Name: location, Label: "location", Help: "`LOCATION` of Google Cloud, such as europe-west1; global if none is given"},
		},
		Services: []string{anthropic.Messages, anthropic.CountTokens, gemini.Generate, gemini.Count},
		Models: map[string][]string{
			anthropic.Messages: claude, anthropic.CountTokens: claude, gemini.Generate: google, gemini.Count: google,
		},
		Closed: []string{anthropic.Messages, anthropic.CountTokens},
		Translated: map[string]account.Translation{
			"openai/chat": either, "openai/completions": either, "openai/chat@claude": toClaude, "openai/completions@claude": toClaude,
			"openai/chat@gemini": toGemini, "openai/completions@gemini": toGemini,
		},
		Hosts: []string{"googleapis.com"}, Permission: Platform, Catalog: "anthropic gemini",
	}}
}

// What options are: parts of a host's name, and of a path.
var (
	locationShape = regexp.MustCompile(`^[a-z]+(-[a-z]+[0-9]+)?$`)
	projectShape  = regexp.MustCompile(`^[a-z0-9]([a-z0-9:-]|\.[a-z0-9])*$`)
)

// Check implements provider.Checker.
func (p *Provider) Check(acc *account.Account) error {
	switch own, at := acc.Options[project], locationOf(acc); {
	case acc.Credential.Kind != account.APIKey && acc.Credential.Kind != account.ServiceAccount:
		return errors.New("platform vertex takes a service account's key, or an API key")
	case own != "" && !projectShape.MatchString(own):
		return fmt.Errorf("project %q is not the id of a project of Google Cloud, such as my-project-123", own)
	case own == "" && acc.Credential.Kind == account.ServiceAccount:
		return errors.New("the project is missing: the id of the project of Google Cloud that requests belong to")
	case !locationShape.MatchString(at):
		return fmt.Errorf("location %q is not the name of a location of Google Cloud, such as global or europe-west1", at)
	}
	if acc.Credential.Kind == account.ServiceAccount {
		if _, err := parseKey(acc.Credential.Refresh); err != nil {
			return err
		}
	}
	if err := provider.CheckMap(acc, placeOf); err != nil {
		return err
	}
	_, err := p.endpoint(acc)
	return err
}

func placeOf(string) model.Place { return model.Segment }

func locationOf(acc *account.Account) string { return cmp.Or(acc.Options[location], "global") }

// endpoint is where an account's requests go. An address is taken apart once.
func (p *Provider) endpoint(acc *account.Account) (provider.Endpoint, error) {
	return p.bases.Of(acc, cmp.Or(acc.BaseURL, p.in(locationOf(acc))), provider.AsItIs)
}

// Windows implements provider.Provider: Vertex shows no gauges.
func (*Provider) Windows(provider.Header, time.Time) []account.Window { return nil }

// Meter implements provider.Provider: answers are the vendors' own.
func (*Provider) Meter(want *provider.Intent, _ *account.Account, header provider.Header) provider.Meter {
	if isClaude(want) {
		return anthropic.NewMeter(header)
	}
	return gemini.NewMeter(header)
}

// Terms implements provider.Termed: what is done in a region of the account's costs more than what is done anywhere.
func (*Provider) Terms(_ *provider.Intent, acc *account.Account, c *provider.Count) {
	if locationOf(acc) != "global" {
		c.Region = "regional"
	}
}

// isClaude reports whether Claude is asked in its own protocol.
func isClaude(want *provider.Intent) bool {
	return want.Service == anthropic.Messages || want.Service == anthropic.CountTokens
}
