package droid

import (
	"fmt"
	"net/http"
	"strings"

	"crs/internal/account"
	"crs/internal/model"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/factory"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// Prepare implements provider.Provider: the client's own body and headers. Nothing is said of a client that it does not say
// of itself.
func (p *Provider) Prepare(in *provider.Inbound, want *provider.Intent, acc *account.Account) (*provider.Outbound, error) {
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return nil, err
	}
	path := map[string]string{
		anthropic.Messages: "/a/v1/messages", anthropic.CountTokens: "/a/v1/messages/count_tokens",
		openai.Responses: "/o/v1/responses", openai.Chat: "/o/v1/chat/completions",
	}[want.Service]
	if path == "" {
		return nil, fmt.Errorf("platform droid does not serve %s", want.Service)
	}
	name := acc.Upstream(want.Model)
	if err := provider.CheckName(name, want, acc, model.Body); err != nil {
		return nil, err
	}
	// Messages name their model where the other protocols do, so one way of writing it in does for all.
	body, err := openai.Body(in, want, name)
	if err != nil {
		return nil, err
	}
	return &provider.Outbound{
		Endpoint: endpoint, Method: http.MethodPost, Target: provider.WithQuery(endpoint.Path+path, in.Query),
		Header: header(in.Header, want, name, acc), Body: body,
	}, nil
}

// header forwards what is about the request, and adds what Factory asks for.
func header(client provider.Header, want *provider.Intent, name string, acc *account.Account) provider.Header {
	h := provider.Forwarded(client, func(name []byte) bool { return forwarded(name, want) })
	add := func(name, value string) {
		if h.Get(name) == "" {
			h = append(h, provider.Field{Name: name, Value: value})
		}
	}
	if factory.Client(client) == factory.Droid {
		add("x-factory-client", "cli") // it says so by its user agent
	}
	if own := client.Get("x-api-provider"); own != "" && name == want.Model {
		add("x-api-provider", own)
	} else {
		add("x-api-provider", vendor(want, name))
	}
	if isAnthropic(want) {
		add("anthropic-version", "2023-06-01")
		h = append(h, provider.Field{Name: "x-api-key", Value: "placeholder"})
	}
	return append(h, provider.Identity(), provider.Bearer(strings.TrimSpace(acc.Credential.Secret.Reveal())))
}

func forwarded(name []byte, want *provider.Intent) bool {
	switch string(name) {
	case "accept", "accept-language", "user-agent", "content-type", "x-session-id", "x-client-request-id", "idempotency-key",
		"x-factory-client":
		return true
	}
	family := "openai-beta"
	if isAnthropic(want) {
		family = "anthropic-"
	}
	return strings.HasPrefix(string(name), family) || strings.HasPrefix(string(name), "x-stainless-")
}

// vendor is whom Factory gets a model from.
func vendor(want *provider.Intent, name string) string {
	name = strings.ToLower(name)
	switch want.Service {
	case openai.Responses:
		if strings.HasSuffix(name, "-max") {
			return "openai"
		}
		return "azure_openai"
	case openai.Chat:
		return vendorOfChat(name)
	}
	return "anthropic"
}

func vendorOfChat(name string) string {
	for _, v := range [...]struct{ family, vendor string }{
		{"gemini", "google"}, {"claude", "anthropic"}, {"gpt", "azure_openai"}, {"glm", "fireworks"},
	} {
		if strings.HasPrefix(name, v.family) {
			return v.vendor
		}
	}
	return "baseten"
}
