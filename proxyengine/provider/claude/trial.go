package claude

import (
	"cmp"
	"net/http"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// TestRequest implements provider.Tester. An API key is asked for one token; a subscription, which is for its provider's
// own clients, only for its gauges (protocols.md, A.6).
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return nil, "", err
	}
	client := append(provider.OwnHeader(), provider.Field{Name: "content-type", Value: "application/json"})
	out := &provider.Outbound{Endpoint: endpoint, Method: http.MethodGet, Target: endpoint.Path + "/api/oauth/usage", Header: header(client, acc)}
	if acc.Credential.Subscription() {
		return out, "", nil
	}
	asked := acc.Upstream(cmp.Or(name, anthropic.Cheapest))
	out.Method, out.Target, out.Body = http.MethodPost, endpoint.Path+"/v1/messages", [][]byte{anthropic.Trial(asked)}
	return out, asked, nil
}
