package gemini

import (
	"cmp"
	"net/http"

	"crs/internal/account"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// TestRequest implements provider.Tester. A subscription, which is for its provider's own clients, is asked how it stands. An
// API key is asked what models it has, which is free, or for a word of the one that is named.
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	b, err := p.base(acc)
	if err != nil {
		return nil, "", err
	}
	if own := acc.Options[project]; acc.Platform == Subscription {
		return assistRequest(b.endpoint, acc, ":loadCodeAssist", own, map[string]any{"cloudaicompanionProject": own}), "", nil
	}
	if name == "" && b.list() != "" {
		return &provider.Outbound{
			Endpoint: b.endpoint, Method: http.MethodGet, Target: b.list() + "?pageSize=1", Header: header(provider.OwnHeader(), acc),
		}, "", nil
	}
	return p.askForAWord(acc, cmp.Or(name, cheapest))
}

// cheapest is the model that a trial asks for when none is named and there is no list.
const cheapest = "gemini-2.5-flash-lite"

func (p *Provider) askForAWord(acc *account.Account, name string) (*provider.Outbound, string, error) {
	in := &provider.Inbound{
		Header: provider.Header{{Name: "user-agent", Value: "crs"}},
		Body:   []byte(`{"contents":[{"role":"user","parts":[{"text":"Say: hi"}]}],"generationConfig":{"maxOutputTokens":16}}`),
	}
	want := &provider.Intent{Service: gemini.Generate, Model: name}
	out, err := p.Prepare(in, want, acc)
	return out, upstream(want, acc), err
}
