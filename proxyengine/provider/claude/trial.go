package claude

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// cheapest is the model that a trial asks for when none is named.
const cheapest = "claude-haiku-4-5-20251001"

// TestRequest implements provider.Tester. An API key is asked for one token; a subscription, which is for its provider's
// own clients, only for its gauges (protocols.md, A.6).
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return nil, "", err
	}
	out := &provider.Outbound{Endpoint: endpoint, Method: http.MethodGet, Target: endpoint.Path + "/api/oauth/usage"}
	asked := ""
	if !acc.Credential.Subscription() {
		asked = acc.Upstream(cmp.Or(name, cheapest))
		body, err := json.Marshal(map[string]any{
			"model": asked, "max_tokens": 1, "messages": []map[string]string{{"role": "user", "content": "Hi"}},
		})
		if err != nil {
			return nil, "", fmt.Errorf("encode a trial request: %w", err)
		}
		out.Method, out.Target, out.Body = http.MethodPost, endpoint.Path+"/v1/messages", [][]byte{body}
	}
	client := provider.Header{{Name: "user-agent", Value: "crs"}, {Name: "accept", Value: "application/json"}, {Name: "content-type", Value: "application/json"}}
	out.Header = header(client, acc)
	return out, asked, nil
}
