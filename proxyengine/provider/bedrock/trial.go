package bedrock

import (
	"cmp"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// cheapest is the model that a trial asks for when none is named.
const cheapest = "claude-haiku-4-5-20251001"

// TestRequest implements provider.Tester: it asks for one token.
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	name = cmp.Or(name, cheapest)
	in := &provider.Inbound{
		Header: provider.Header{{Name: "user-agent", Value: "crs"}},
		Body:   []byte(`{"max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}`),
	}
	out, err := p.Prepare(in, &provider.Intent{Service: anthropic.Messages, Model: name}, acc)
	id, _ := p.models.find(acc, name)
	return out, id, err
}
