package azure

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"

	"crs/internal/account"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// mostTried bounds the answer to a trial. Some models think before they speak, and fail when they may not.
const mostTried = 256

// TestRequest implements provider.Tester: a list of models, which is free, or a word of the one that is named.
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	client := provider.Header{{Name: "user-agent", Value: "crs"}, {Name: "accept", Value: "application/json"}}
	if name == "" {
		out, err := p.list(acc, client)
		return out, "", err
	}
	body, err := json.Marshal(map[string]any{
		"messages": []map[string]string{{"role": "user", "content": "Say: hi"}}, "max_completion_tokens": mostTried,
	})
	if err != nil {
		return nil, "", fmt.Errorf("encode a trial request: %w", err)
	}
	in := &provider.Inbound{Header: client, Body: body}
	out, err := p.Prepare(in, &provider.Intent{Service: openai.Chat, Model: name}, acc)
	return out, deploymentOf(acc, name), err
}

func (p *Provider) list(acc *account.Account, client provider.Header) (*provider.Outbound, error) {
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
		Header: append(openai.Header(client), credential(acc)),
	}, nil
}
