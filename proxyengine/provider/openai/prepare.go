package openai

import (
	"net/http"

	"crs/internal/account"
	"crs/internal/model"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// Prepare implements provider.Provider: the client's own body, byte for byte but for a mapped model's name and the wish for
// figures, the client's own headers as far as they are about the request, and the account's credential.
func (p *Provider) Prepare(in *provider.Inbound, want *provider.Intent, acc *account.Account) (*provider.Outbound, error) {
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return nil, err
	}
	name := acc.Upstream(want.Model)
	if err := provider.CheckName(name, want, acc, model.Body); err != nil {
		return nil, err
	}
	if name == want.Model {
		name = "" // the body may leave it to the upstream
	}
	body, err := openai.Body(in, want, name)
	if err != nil {
		return nil, err
	}
	return &provider.Outbound{
		Endpoint: endpoint, Method: http.MethodPost, Target: provider.WithQuery(endpoint.Path+openai.Path(in, want), in.Query),
		Header: header(in.Header, want, acc), Body: body,
	}, nil
}

func header(client provider.Header, want *provider.Intent, acc *account.Account) provider.Header {
	h := openai.Header(client)
	if acc.Platform == Subscription && want.Stream && client.Get("accept") == "" {
		h = append(h, provider.Field{Name: "accept", Value: "text/event-stream"})
	}
	return append(h, credential(acc)...)
}

// credential says who pays: protocols.md, E.2 and E.4.
func credential(acc *account.Account) provider.Header {
	h := provider.Header{provider.Bearer(acc.Credential.Secret.Reveal())}
	if acc.Platform == Subscription {
		return append(h, provider.Field{Name: "chatgpt-account-id", Value: acc.Options[accountID]})
	}
	if value := acc.Options[organization]; value != "" {
		h = append(h, provider.Field{Name: "openai-organization", Value: value})
	}
	if value := acc.Options[project]; value != "" {
		h = append(h, provider.Field{Name: "openai-project", Value: value})
	}
	return h
}
