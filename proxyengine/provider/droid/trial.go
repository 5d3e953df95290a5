package droid

import (
	"cmp"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// TestRequest implements provider.Tester. A login, which is for Factory's own client, is only asked which organizations it
// belongs to; an API key for one token.
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	if acc.Credential.Subscription() {
		return p.organizations(acc), "", nil
	}
	asked := acc.Upstream(cmp.Or(name, anthropic.Cheapest))
	in := &provider.Inbound{Header: provider.OwnHeader(), Body: anthropic.Trial(asked)}
	unmapped := *acc
	unmapped.Map = nil // it stands in the body already
	out, err := p.Prepare(in, &provider.Intent{Service: anthropic.Messages, Model: asked}, &unmapped)
	return out, asked, err
}
