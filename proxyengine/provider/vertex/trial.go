package vertex

import (
	"strings"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// cheapest is the model that a trial has tokens counted by when none is named.
const cheapest = "gemini-2.5-flash-lite"

// TestRequest implements provider.Tester: it has tokens counted, which is free, or asks for a word of the model that is named.
func (p *Provider) TestRequest(acc *account.Account, name string) (*provider.Outbound, string, error) {
	const contents = `{"contents":[{"role":"user","parts":[{"text":"Say: hi"}]}]`
	want, body := &provider.Intent{Service: gemini.Generate, Model: name}, contents+`,"generationConfig":{"maxOutputTokens":16}}`
	switch {
	case name == "":
		want, body = &provider.Intent{Service: gemini.Count, Model: cheapest}, contents+"}"
	case strings.HasPrefix(acc.Upstream(name), "claude-"):
		want.Service, body = anthropic.Messages, string(anthropic.Trial(""))
	}
	in := &provider.Inbound{Header: provider.Header{{Name: "user-agent", Value: "crs"}}, Body: []byte(body)}
	out, err := p.Prepare(in, want, acc)
	return out, called(want, acc), err
}
