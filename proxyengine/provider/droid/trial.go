package droid

import (
	"cmp"
	"encoding/json"
	"fmt"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// cheapest is the model that a trial asks for when none is named.
const cheapest = "claude-haiku-4-5-20251001"

// TestRequest implements provider.Tester. A login, which is for Factory's own client, is only asked which organizations it
// belongs to; an API key for one token.
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	if acc.Credential.Subscription() {
		return p.organizations(acc), "", nil
	}
	asked := acc.Upstream(cmp.Or(name, cheapest))
	body, err := json.Marshal(map[string]any{
		"model": asked, "max_tokens": 1, "messages": []map[string]string{{"role": "user", "content": "Hi"}},
	})
	if err != nil {
		return nil, "", fmt.Errorf("encode a trial request: %w", err)
	}
	in := &provider.Inbound{Header: provider.Header{{Name: "user-agent", Value: "crs"}, {Name: "accept", Value: "application/json"}}, Body: body}
	unmapped := *acc
	unmapped.Map = nil // it stands in the body already
	out, err := p.Prepare(in, &provider.Intent{Service: anthropic.Messages, Model: asked}, &unmapped)
	return out, asked, err
}
