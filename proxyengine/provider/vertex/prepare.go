package vertex

import (
	"fmt"
	"net/http"
	"strings"

	"crs/internal/account"
	"crs/internal/model"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// Prepare implements provider.Provider.
func (p *Provider) Prepare(in *provider.Inbound, want *provider.Intent, acc *account.Account) (*provider.Outbound, error) {
	endpoint, err := p.endpoint(acc)
	if err != nil {
		return nil, err
	}
	name := called(want, acc)
	if err := provider.CheckName(name, want, acc, placeOf(name)); err != nil {
		return nil, err
	}
	if isClaude(want) && acc.Credential.Kind == account.APIKey {
		return nil, provider.NoModel().Because(fmt.Errorf("account %s has an API key, which does not open Claude's models", acc.Name))
	}
	parts, err := body(in.Body, want, name)
	if err != nil {
		return nil, err
	}
	return &provider.Outbound{
		Endpoint: endpoint, Method: http.MethodPost, Target: endpoint.Path + path(want, acc, name), Header: header(in.Header, want, acc), Body: parts,
	}, nil
}

// called is what Vertex calls a model: a snapshot of Claude's has its date behind an @.
func called(want *provider.Intent, acc *account.Account) string {
	name := acc.Upstream(want.Model)
	if name == want.Model {
		name = acc.Upstream(model.Base(name))
	}
	name = strings.TrimPrefix(model.Base(name), "models/")
	i := strings.LastIndexByte(name, '-')
	if date := name[i+1:]; isClaude(want) && i > 0 && len(date) == len("20250929") && strings.HasPrefix(date, "20") && strings.Trim(date, "0123456789") == "" {
		return name[:i] + "@" + date
	}
	return name
}

// path is that of a model's action. An API key is that of a project already.
func path(want *provider.Intent, acc *account.Account, name string) string {
	of := "/v1"
	if own := acc.Options[project]; own != "" {
		of += "/projects/" + model.Escape(own) + "/locations/" + model.Escape(locationOf(acc))
	}
	said := strings.ReplaceAll(model.Escape(name), "%40", "@")
	switch want.Service {
	case anthropic.CountTokens:
		return of + "/publishers/anthropic/models/count-tokens:rawPredict"
	case anthropic.Messages:
		return of + "/publishers/anthropic/models/" + said + streamed(want, ":streamRawPredict", ":rawPredict")
	case gemini.Count:
		return of + "/publishers/google/models/" + said + ":countTokens"
	case gemini.GenerateArray:
		return of + "/publishers/google/models/" + said + ":streamGenerateContent"
	}
	return of + "/publishers/google/models/" + said + streamed(want, ":streamGenerateContent?alt=sse", ":generateContent")
}

func streamed(want *provider.Intent, stream, whole string) string {
	if want.Stream {
		return stream
	}
	return whole
}

// header forwards what is about the request.
func header(client provider.Header, want *provider.Intent, acc *account.Account) provider.Header {
	h := provider.Forwarded(client, func(name []byte) bool {
		switch string(name) {
		case "content-type", "accept", "accept-language", "user-agent":
			return true
		case "x-goog-api-client", "x-server-timeout":
			return !isClaude(want)
		}
		return false
	})
	if asked := anthropic.Betas(client.Values("anthropic-beta"), betas()); asked != nil && want.Service == anthropic.Messages {
		h = append(h, provider.Field{Name: "anthropic-beta", Value: strings.Join(asked, ",")})
	}
	return append(h, provider.Identity(), credential(acc))
}

// betas are those that Vertex takes in a header; it refuses a request that names another. Counting tokens takes hardly any.
func betas() []string {
	return []string{
		"interleaved-thinking-*", "fine-grained-tool-streaming-*", "context-management-*", "compact-*", "effort-*", "tool-search-tool-*",
		"web-search-*", "computer-use-*", "token-efficient-tools-*", "output-128k-*",
	}
}

func credential(acc *account.Account) provider.Field {
	if acc.Credential.Kind == account.APIKey {
		return provider.Field{Name: "x-goog-api-key", Value: acc.Credential.Secret.Reveal()}
	}
	return provider.Bearer(acc.Credential.Secret.Reveal())
}
