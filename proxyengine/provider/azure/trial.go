package azure

import (
	"cmp"
	"net/http"

	"crs/internal/account"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// TestRequest implements provider.Tester: a list of models, which is free, or a word of the one that is named.
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	if name == "" {
		out, err := p.list(acc)
		return out, "", err
	}
	in := &provider.Inbound{Header: provider.OwnHeader(), Body: openai.Trial("")}
	out, err := p.Prepare(in, &provider.Intent{Service: openai.Chat, Model: name}, acc)
	return out, deploymentOf(acc, name), err
}

func (p *Provider) list(acc *account.Account) (*provider.Outbound, error) {
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return nil, err
	}
	path, version := "/openai/models", cmp.Or(acc.Options[apiVersion], defaultVersion)
	if acc.Options[surface] == v1 {
		path, version = "/openai/v1/models", acc.Options[apiVersion]
	}
	return &provider.Outbound{
		Endpoint: endpoint, Method: http.MethodGet, Target: endpoint.Path + path + query("", version),
		Header: append(openai.Header(provider.OwnHeader()), credential(acc)),
	}, nil
}
