package openai

import (
	"net/http"
	"strings"

	"crs/internal/account"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// TestRequest implements provider.Tester. A subscription, which is for its provider's own clients, is asked for its gauges.
// An API key is asked what models it has, which is free, or for a word of the one that is named.
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return nil, "", err
	}
	out := &provider.Outbound{Endpoint: endpoint, Method: http.MethodGet, Header: append(openai.Header(provider.OwnHeader()), credential(acc)...)}
	switch {
	case acc.Platform == Subscription:
		out.Target = strings.TrimSuffix(endpoint.Path, "/codex") + "/wham/usage"
		return out, "", nil
	case name == "":
		out.Target = endpoint.Path + "/models"
		return out, "", nil
	}
	asked := acc.Upstream(name)
	out.Method, out.Target, out.Body = http.MethodPost, endpoint.Path+"/chat/completions", [][]byte{openai.Trial(asked)}
	return out, asked, nil
}
