package daemon

import (
	"errors"
	"maps"
	"slices"
	"time"

	"crs/internal/account"
	"crs/internal/config"
	"crs/internal/model"
	"crs/internal/secret"
	"crs/proxyengine"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/azure"
	"crs/proxyengine/provider/bedrock"
	"crs/proxyengine/provider/claude"
	"crs/proxyengine/provider/droid"
	geminis "crs/proxyengine/provider/gemini"
	openais "crs/proxyengine/provider/openai"
	"crs/proxyengine/provider/vertex"
)

// providers is the one list of upstream families: a new one is a folder of its own and a line here.
func providers(all map[string]config.Provider, now func() time.Time) (list []provider.Provider, err error) {
	set := settings{all: all}
	add := func(p provider.Provider, failed error) {
		list, err = append(list, p), errors.Join(err, failed)
	}
	c := set.of("claude", "client_id")
	add(claude.New(claude.Options{APIURL: c.APIURL, AuthorizeURL: c.AuthorizeURL, TokenURL: c.TokenURL, ClientID: c.Settings["client_id"], Now: now}))
	c = set.of("bedrock")
	add(bedrock.New(bedrock.Options{APIURL: c.APIURL, Now: now}))
	c = set.of("openai", "client_id", "chatgpt_url", "device_url")
	add(openais.New(openais.Options{
		APIURL: c.APIURL, ChatGPTURL: c.Settings["chatgpt_url"], AuthURL: c.AuthorizeURL, TokenURL: c.TokenURL, DeviceURL: c.Settings["device_url"],
		ClientID: c.Settings["client_id"], Now: now,
	}))
	add(azure.New(), nil)
	c = set.of("gemini", "client_id", "client_secret", "code_assist_url")
	add(geminis.New(geminis.Options{
		APIURL: c.APIURL, AssistURL: c.Settings["code_assist_url"], AuthorizeURL: c.AuthorizeURL, TokenURL: c.TokenURL,
		ClientID: c.Settings["client_id"], ClientSecret: c.Secrets["client_secret"], Now: now,
	}))
	c = set.of("droid", "client_id", "app_url")
	add(droid.New(droid.Options{APIURL: c.APIURL, AppURL: c.Settings["app_url"], AuthURL: c.TokenURL, ClientID: c.Settings["client_id"], Now: now}))
	c = set.of("vertex")
	add(vertex.New(vertex.Options{APIURL: c.APIURL, TokenURL: c.TokenURL, Now: now}))
	return list, errors.Join(err, set.unknown)
}

// CheckProviders reports what a daemon would refuse in the configuration's providers.NAME, one mistake a line.
func CheckProviders(all map[string]config.Provider) error {
	_, err := providers(all, time.Now)
	return err
}

// ProviderNames are the names that may stand in the configuration's providers.NAME.
func ProviderNames() []string {
	return []string{"claude", "bedrock", "openai", "gemini", "droid", "vertex"}
}

// settings are what was configured of providers.
type settings struct {
	all     map[string]config.Provider
	unknown error
}

// of gives what was set for a provider. A setting that it does not know is an error: it would be thought to work.
func (s *settings) of(name string, known ...string) config.Provider {
	c := s.all[name]
	for _, unknown := range append(others(c.Settings, known), others(c.Secrets, known)...) {
		s.unknown = errors.Join(s.unknown, errors.New("providers."+name+"."+unknown+" is not a setting of this provider"))
	}
	return c
}

func others[V string | secret.String](set map[string]V, known []string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(set)), func(name string) bool { return slices.Contains(known, name) })
}

// mounts are the protocols that clients may speak, and where.
func mounts() []proxyengine.Mount {
	return []proxyengine.Mount{
		{Protocol: anthropic.Protocol{}, Prefixes: []string{"/api", "/claude"}},
		{Protocol: openai.Protocol{}, Prefixes: []string{"/openai"}},
		{Protocol: openai.Protocol{Part: openai.ChatBesideRest}, Prefixes: []string{"/api", "/claude"}},
		{Protocol: openai.Protocol{Part: openai.ChatByModel}, Prefixes: []string{"/openai/claude"}, Only: "claude"},
		{Protocol: openai.Protocol{Part: openai.ChatByModel}, Prefixes: []string{"/openai/gemini"}, Only: "gemini"},
		{Protocol: gemini.Protocol{}, Prefixes: []string{"/gemini"}},
		{Protocol: openai.Protocol{Part: openai.AzurePaths}, Prefixes: []string{"/azure"}, Only: "azure"},
		{Protocol: anthropic.Protocol{}, Prefixes: []string{"/droid/claude"}, Only: "droid"},
		{Protocol: openai.Protocol{Part: openai.ResponsesOnly}, Prefixes: []string{"/droid/openai"}, Only: "droid"},
		{Protocol: openai.Protocol{Part: openai.ChatOnly}, Prefixes: []string{"/droid/comm"}, Only: "droid"},
	}
}

// usually is what models are asked for most often, and by whom.
func usually() []proxyengine.Usual {
	return []proxyengine.Usual{
		{Models: "claude-*", Service: anthropic.Messages, Client: anthropic.ClaudeCode, Family: anthropic.Family},
		{Models: "gemini-*", Service: gemini.Generate, Client: gemini.GeminiCLI, Family: gemini.Family},
		{Models: "*", Service: openai.Responses, Client: openai.CodexCLI, Family: model.Base},
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
