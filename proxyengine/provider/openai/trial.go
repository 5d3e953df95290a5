package openai

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"crs/internal/account"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// mostTried bounds the answer to a trial. Some models think before they speak, and fail when they may not.
const mostTried = 256

// TestRequest implements provider.Tester. A subscription, which is for its provider's own clients, is asked for its gauges.
// An API key is asked what models it has, which is free, or for a word of the one that is named.
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return nil, "", err
	}
	client := provider.Header{{Name: "user-agent", Value: "crs"}, {Name: "accept", Value: "application/json"}}
	out := &provider.Outbound{Endpoint: endpoint, Method: http.MethodGet, Header: append(openai.Header(client), credential(acc)...)}
	switch {
	case acc.Platform == Subscription:
		out.Target = strings.TrimSuffix(endpoint.Path, "/codex") + "/wham/usage"
		return out, "", nil
	case name == "":
		out.Target = endpoint.Path + "/models"
		return out, "", nil
	}
	asked := acc.Upstream(name)
	body, err := json.Marshal(map[string]any{
		"model": asked, "max_completion_tokens": mostTried, "messages": []map[string]string{{"role": "user", "content": "Say: hi"}},
	})
	if err != nil {
		return nil, "", fmt.Errorf("encode a trial request: %w", err)
	}
	out.Method, out.Target, out.Body = http.MethodPost, endpoint.Path+"/chat/completions", [][]byte{body}
	return out, asked, nil
}
