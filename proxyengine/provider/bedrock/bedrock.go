// Package bedrock is Claude on Amazon Bedrock: the platform bedrock, whose accounts have a Bedrock API key or a pair of AWS
// access keys. Facts: protocols.md, C.
package bedrock

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// Platform is the platform's name.
const Platform = "bedrock"

// Options are what an operator can set.
type Options struct {
	// APIURL is the API's address; REGION in it stands for an account's region. Empty means
	// https://bedrock-runtime.REGION.amazonaws.com
	APIURL string
	Now    func() time.Time
}

// Provider serves the platform.
type Provider struct {
	api    string
	now    func() time.Time
	models *catalog
	signer *v4.Signer
	bases  provider.Bases[provider.Endpoint]
}

// New makes the provider. An address that makes no sense is an error.
func New(o Options) (*Provider, error) {
	p := &Provider{api: cmp.Or(o.APIURL, "https://bedrock-runtime.REGION.amazonaws.com"), now: o.Now, signer: v4.NewSigner()}
	err := provider.ParseAddresses(Platform, provider.Address{Setting: "api_url", Set: p.in("us-east-1")})
	if err != nil {
		return nil, err
	}
	if p.models, err = readCatalog(modelsFile); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Provider) in(region string) string { return strings.ReplaceAll(p.api, "REGION", region) }

// Name implements provider.Provider.
func (*Provider) Name() string { return Platform }

// Platforms implements provider.Provider. It serves Claude only, so that the names of other vendors' models are foreign.
func (*Provider) Platforms() map[string]account.Platform {
	claude := account.Translation{To: anthropic.Messages, Models: []string{"claude-*"}}
	named := account.Translation{To: anthropic.Messages, Models: []string{"*"}} // the path says that Claude is meant
	return map[string]account.Platform{Platform: {
		Title: "Claude on AWS Bedrock", Ways: []account.Way{account.ByKey}, KeyLines: true,
		KeyHelp:  "a Bedrock API key, or ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN], or those as lines of an AWS credentials file",
		Examples: map[account.Way]string{account.ByKey: "cloud --api-key-file aws.txt --region eu-central-1"},
		Options: []account.Option{
			{Name: "region", Label: "AWS region", Help: "`REGION` of AWS, such as us-east-1", Required: true},
			{
				Name: "geo", Label: "may move within", Help: "`GEO` within which AWS may move a request, that of the region if none is given",
				Values: []string{"us", "eu", "apac", "jp", "au", "global", "none"},
			},
			{Name: "auth", Label: "credential is", Help: "`HOW` its credential is sent", Values: []string{"auto", "bearer", "sigv4"}, Default: "auto"},
		},
		Services: []string{anthropic.Messages, anthropic.CountTokens},
		Translated: map[string]account.Translation{
			"openai/chat": claude, "openai/completions": claude, "openai/chat@claude": named, "openai/completions@claude": named,
		},
		Foreign: []string{"gpt-*", "o1*", "o3*", "o4*", "codex-*", "gemini-*"},
		Hosts:   []string{"amazonaws.com"}, Permission: "claude", Catalog: "anthropic",
	}}
}

// regionShape keeps a region what it is: it becomes a part of a host's name.
var regionShape = regexp.MustCompile(`^[a-z]{2,3}(-[a-z]+)+-[0-9]{1,2}$`)

// Check implements provider.Checker.
func (p *Provider) Check(acc *account.Account) error {
	if acc.Credential.Kind != account.APIKey {
		return fmt.Errorf("platform bedrock takes a Bedrock API key or a pair of AWS access keys")
	}
	is := p.Platforms()[Platform]
	if err := is.CheckOptions(acc); err != nil {
		return err
	}
	if region := acc.Options["region"]; !regionShape.MatchString(region) {
		return fmt.Errorf("region %q is not the name of an AWS region, such as us-east-1", region)
	}
	if _, err := readCredential(acc); err != nil {
		return err
	}
	if err := provider.CheckMap(acc, placeOf); err != nil {
		return err
	}
	_, err := p.endpoint(acc)
	return err
}

// endpoint is where an account's requests go. An address is taken apart once.
func (p *Provider) endpoint(acc *account.Account) (provider.Endpoint, error) {
	return p.bases.Of(acc, cmp.Or(acc.BaseURL, p.in(acc.Options["region"])), provider.AsItIs)
}

// Terms implements provider.Termed: what may not be done anywhere costs more, and the answer does not tell. Where an application's own
// profile leads is not known: it is taken for one of those.
func (p *Provider) Terms(want *provider.Intent, acc *account.Account, c *provider.Count) {
	if id, _ := p.models.find(acc, want.Model); !strings.HasPrefix(lastPart(id), "global.") {
		c.Region = "regional"
	}
}

// Windows implements provider.Provider: Bedrock shows no gauges.
func (*Provider) Windows(provider.Header, time.Time) []account.Window { return nil }

// Meter implements provider.Provider. An answer in JSON is Anthropic's own already, its model's name too, so it passes as it
// is; only the count of tokens and streams come in Bedrock's own wrapping.
func (*Provider) Meter(want *provider.Intent, _ *account.Account, header provider.Header) provider.Meter {
	switch {
	case want.Service == anthropic.CountTokens:
		return newCounted()
	case strings.HasPrefix(strings.ToLower(header.Get("content-type")), "application/vnd.amazon.eventstream"):
		return newStream()
	}
	return anthropic.NewMeter(header)
}
