// Package azure is OpenAI's models on Azure: the platform azure-openai. Facts: protocols.md, F.
package azure

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
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// Platform is the one platform.
const Platform = "azure-openai"

// The options of an account, and what they may say.
const (
	deployment = "deployment"  // the only one there is, whatever the model
	apiVersion = "api-version" // such as 2024-10-21
	surface    = "surface"     // which of Azure's ways to say a request
	auth       = "auth"        // api-key (the default), or bearer for an Entra token

	classic          = "classic"           // the deployment in the path
	responsesPreview = "responses-preview" // the same, and Responses under a dated version
	v1               = "v1"                // no version, the deployment in the body
	bearer           = "bearer"
)

// Provider serves the platform.
type Provider struct {
	bases provider.Bases[provider.Endpoint]
}

// New makes the provider. It has no address of its own: every account has one.
func New() *Provider { return &Provider{} }

// Name implements provider.Provider.
func (*Provider) Name() string { return "azure" }

// Platforms implements provider.Provider. Each service is there twice: on mounts that are for Azure's accounts only, it has
// the name of those.
func (*Provider) Platforms() map[string]account.Platform {
	services := []string{openai.Chat, openai.Completions, openai.Responses, openai.Embeddings, openai.Images}
	for _, s := range services {
		services = append(services, s+"@azure")
	}
	return map[string]account.Platform{Platform: {
		Title: "an Azure OpenAI resource", Ways: []account.Way{account.ByKey},
		Examples: map[account.Way]string{account.ByKey: "azure --api-key-file key.txt --base-url https://RESOURCE.openai.azure.com"},
		Options: []account.Option{
			{Name: deployment, Label: "deployment", Help: "`NAME` of the deployment that requests go to whose model is in no --map"},
			{Name: apiVersion, Label: "API version", Help: "`VERSION` of the API, such as " + defaultVersion},
			{Name: surface, Label: "surface", Help: "`WHICH` of the resource's APIs", Values: []string{classic, responsesPreview, v1}},
			{Name: auth, Label: "key is sent as", Help: "`HOW` its credential is sent", Values: []string{"api-key", bearer}, Default: "api-key"},
		},
		Services:   services,
		Translated: map[string]account.Translation{anthropic.Messages: {To: openai.Chat}},
		Foreign:    []string{"claude-*", "gemini-*"}, Hosts: []string{"azure.com", "azure.us", "azure.cn"}, Permission: "openai", Catalog: "azure",
	}}
}

var (
	versionShape    = regexp.MustCompile(`^[0-9A-Za-z.-]+$`)
	deploymentShape = regexp.MustCompile(`^[^\s/?#]+$`)
)

// Check implements provider.Checker.
func (p *Provider) Check(acc *account.Account) error {
	o := acc.Options
	switch {
	case acc.BaseURL == "":
		return errors.New("platform azure-openai needs the resource's endpoint: --base-url https://RESOURCE.openai.azure.com")
	case acc.Credential.Kind != account.APIKey:
		return errors.New("platform azure-openai takes an API key, or an Entra token with the option auth=bearer")
	case o[apiVersion] != "" && !versionShape.MatchString(o[apiVersion]):
		return fmt.Errorf("option %s: %q is no version such as %s", apiVersion, o[apiVersion], defaultVersion)
	case o[deployment] != "" && (!deploymentShape.MatchString(o[deployment]) || model.Check(o[deployment], model.Segment) != nil):
		return fmt.Errorf("option %s: %q is no deployment's name", deployment, o[deployment])
	}
	is := p.Platforms()[Platform]
	if err := is.CheckOptions(acc); err != nil {
		return err
	}
	return provider.CheckMap(acc, func(string) model.Place { return model.Segment })
}

// Windows implements provider.Provider: Azure tells what is left of a minute, which is no gauge of an account.
func (*Provider) Windows(provider.Header, time.Time) []account.Window { return nil }

// Meter implements provider.Provider.
func (*Provider) Meter(want *provider.Intent, _ *account.Account, header provider.Header) provider.Meter {
	return openai.NewMeter(want, header)
}

// endpoint is the account's resource. A base URL is taken apart once: there are as many as accounts. Some operators paste
// more of it than the resource: what begins with /openai is for this package to say.
func (p *Provider) endpoint(acc *account.Account) (provider.Endpoint, error) {
	return p.bases.Of(acc, acc.BaseURL, func(e provider.Endpoint) provider.Endpoint {
		if i := strings.LastIndex(e.Path+"/", "/openai/"); i >= 0 {
			e.Path = e.Path[:i]
		}
		return e
	})
}

// deploymentOf is what a model is called at the account: as its map says, else its only deployment, else the same.
func deploymentOf(acc *account.Account, asked string) string {
	bare := strings.TrimPrefix(asked, "azure/")
	return cmp.Or(acc.Map[asked], acc.Map[bare], acc.Options[deployment], bare)
}
