package claude

import (
	"net/http"
	"slices"
	"strings"

	"crs/internal/account"
	"crs/internal/jsonscan"
	"crs/internal/model"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

const (
	version   = "2023-06-01"
	oauthBeta = "oauth-2025-04-20"
)

// Prepare implements provider.Provider: the client's own body, byte for byte (but for a mapped model's name), the
// client's own headers as far as they are about the request, and the account's credential.
func (p *Provider) Prepare(in *provider.Inbound, want *provider.Intent, acc *account.Account) (*provider.Outbound, error) {
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return nil, err
	}
	if err := provider.CheckName(acc.Upstream(want.Model), want, acc, model.Body); err != nil {
		return nil, err
	}
	return &provider.Outbound{
		Endpoint: endpoint, Method: http.MethodPost, Target: target(endpoint, want, in.Query),
		Header: header(in.Header, acc), Body: body(in.Body, want, acc),
	}, nil
}

func target(e provider.Endpoint, want *provider.Intent, query string) string {
	path := e.Path + "/v1/messages"
	if want.Service == anthropic.CountTokens {
		path += "/count_tokens"
	}
	return provider.WithQuery(path, query)
}

// body puts the mapped model's name in the place of the one asked for; nothing is copied.
func body(b []byte, want *provider.Intent, acc *account.Account) [][]byte {
	name := acc.Upstream(want.Model)
	if name == want.Model {
		return [][]byte{b}
	}
	return jsonscan.Apply(b, jsonscan.Edit{At: want.ModelAt, Length: want.ModelLen, Text: provider.Encode(name)})
}

// header forwards what the protocol knows. What it does not know may be about the way between client and relay, and
// stays here.
func header(client provider.Header, acc *account.Account) provider.Header {
	h := make(provider.Header, 0, len(client)+5)
	betas, versioned := "", false
	for _, f := range client {
		var buf [64]byte
		name := provider.Lower(&buf, f.Name)
		switch {
		case string(name) == "anthropic-beta":
			betas = join(betas, f.Value)
		case string(name) == "anthropic-version":
			versioned = true
			h = append(h, f)
		case forwarded(name):
			h = append(h, f)
		}
	}
	if !versioned {
		h = append(h, provider.Field{Name: "anthropic-version", Value: version})
	}
	if betas = adjust(betas, acc); betas != "" {
		h = append(h, provider.Field{Name: "anthropic-beta", Value: betas})
	}
	return append(append(h, provider.Identity()), credential(acc)...)
}

func forwarded(name []byte) bool {
	switch string(name) {
	case "accept", "accept-language", "user-agent", "content-type", "x-app", "x-client-request-id", "sec-fetch-mode":
		return true
	}
	for _, family := range [...]string{"anthropic-", "x-stainless-", "x-claude-code-"} {
		if len(name) > len(family) && string(name[:len(family)]) == family {
			return true
		}
	}
	return false
}

func join(list, more string) string {
	if list == "" {
		return more
	}
	return list + "," + more
}

// adjust asks for OAuth where the credential is a token, and does not where it is a key; the client's own wishes stay as
// they are.
func adjust(betas string, acc *account.Account) string {
	has := slices.ContainsFunc(strings.Split(betas, ","), func(b string) bool { return strings.TrimSpace(b) == oauthBeta })
	switch {
	case acc.Credential.Subscription() == has:
		return betas
	case !has:
		return join(betas, oauthBeta)
	}
	kept := slices.DeleteFunc(strings.Split(betas, ","), func(b string) bool { return strings.TrimSpace(b) == oauthBeta })
	return strings.TrimSpace(strings.Join(kept, ","))
}

// credential is protocols.md, B: keys of Anthropic's own shape go as x-api-key, others as a bearer token.
func credential(acc *account.Account) provider.Header {
	secret := acc.Credential.Secret.Reveal()
	bearer := provider.Bearer(secret)
	key := provider.Field{Name: "x-api-key", Value: secret}
	if acc.Credential.Subscription() {
		return provider.Header{bearer}
	}
	switch acc.Options["auth"] {
	case "x-api-key":
		return provider.Header{key}
	case "bearer":
		return provider.Header{bearer}
	case "both":
		return provider.Header{key, bearer}
	}
	if strings.HasPrefix(secret, "sk-ant-") {
		return provider.Header{key}
	}
	return provider.Header{bearer}
}
