package bedrock

import (
	"cmp"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// TestRequest implements provider.Tester: it asks for one token.
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	name = cmp.Or(name, anthropic.Cheapest)
	in := &provider.Inbound{Header: provider.Header{{Name: "user-agent", Value: "crs"}}, Body: anthropic.Trial("")}
	out, err := p.Prepare(in, &provider.Intent{Service: anthropic.Messages, Model: name}, acc)
	id, _ := p.models.find(acc, name)
	return out, id, err
}
