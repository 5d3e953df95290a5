package gemini

import (
	"net/http"
	"net/url"
	"strings"

	"crs/internal/account"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// stable is the version of the public API that is asked for when a client names none.
const stable = "v1beta"

// Prepare implements provider.Provider. Where a client speaks the way that the account's API does, its body goes byte for
// byte, but for a mapped model's name and the account's own project; otherwise the request within is wrapped, or unwrapped.
func (p *Provider) Prepare(in *provider.Inbound, want *provider.Intent, acc *account.Account) (*provider.Outbound, error) {
	if err := provider.CheckName(upstream(want, acc), want, acc, placeOf("")); err != nil {
		return nil, err
	}
	out := &provider.Outbound{Method: http.MethodPost, Header: header(in.Header, acc)}
	var err error
	if acc.Platform == Subscription {
		err = p.toAssist(out, in, want, acc)
	} else {
		err = p.toAPI(out, in, want, acc)
	}
	if err != nil {
		return nil, err
	}
	if query := asked(in.Query); query != "" {
		out.Target += "?" + query
	}
	return out, nil
}

// asked is a client's query without what would stand for another credential or project than the account's: Google takes those
// there too, and refuses the account when they are not good.
func asked(query string) string {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		switch strings.ToLower(strings.TrimPrefix(name, "$")) {
		case "access_token", "oauth_token", "bearer_token", "key", "quotauser", "userproject":
		default:
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}

// toAPI addresses the public API.
func (p *Provider) toAPI(out *provider.Outbound, in *provider.Inbound, want *provider.Intent, acc *account.Account) error {
	b, err := p.base(acc)
	if err != nil {
		return err
	}
	name := upstream(want, acc)
	out.Endpoint, out.Target = b.endpoint, b.at(versionOf(in.Path), name, action(in, want))
	if assists(want) {
		out.Body, err = unwrap(in.Body)
		return err
	}
	out.Body, err = renamed(in.Body, want.Model, name)
	return err
}

// toAssist addresses Code Assist.
func (p *Provider) toAssist(out *provider.Outbound, in *provider.Inbound, want *provider.Intent, acc *account.Account) error {
	e, err := p.assistOf(acc)
	if err != nil {
		return err
	}
	out.Endpoint, out.Target = e, e.Path+internal+":"+action(in, want)
	name := upstream(want, acc)
	switch want.Service {
	case gemini.CodeAssist, gemini.CodeAssistCount:
		out.Body, err = addressed(in.Body, want, acc, name)
	case gemini.Count:
		out.Body, err = wrapCount(in.Body, name)
	default:
		out.Body, err = wrap(in.Body, name, acc.Options[project])
	}
	return err
}

const internal = "/v1internal"

// upstream is the model that the account is asked for.
func upstream(want *provider.Intent, acc *account.Account) string {
	return strings.TrimPrefix(acc.Upstream(want.Model), "models/")
}

// assists reports whether a client speaks Code Assist's way.
func assists(want *provider.Intent) bool {
	return want.Service == gemini.CodeAssist || want.Service == gemini.CodeAssistCount
}

func action(in *provider.Inbound, want *provider.Intent) string {
	switch {
	case want.Service == gemini.Count, want.Service == gemini.CodeAssistCount:
		return "countTokens"
	case want.Service == gemini.Embed && gemini.Batch(in):
		return "batchEmbedContents"
	case want.Service == gemini.Embed:
		return "embedContent"
	case want.Stream:
		return "streamGenerateContent"
	}
	return "generateContent"
}

// versionOf is the version that the client's own path names.
func versionOf(path string) string {
	if strings.HasPrefix(path, "/v1/") {
		return "v1"
	}
	return stable
}

// header forwards what the protocol knows. What it does not know may be about the way between client and relay, and stays
// here; so does x-goog-user-project, which is about the client's own credential.
func header(client provider.Header, acc *account.Account) provider.Header {
	h := make(provider.Header, 0, len(client)+4)
	typed := false
	for _, f := range client {
		var buf [64]byte
		name := provider.Lower(&buf, f.Name)
		if forwarded(name) {
			typed = typed || string(name) == "content-type"
			h = append(h, f)
		}
	}
	if !typed {
		h = append(h, provider.Field{Name: "content-type", Value: "application/json"})
	}
	// Decoding costs more than it saves on the way from a provider, and holds events back.
	h = append(h, provider.Field{Name: "accept-encoding", Value: "identity"})
	return append(h, credential(acc))
}

func forwarded(name []byte) bool {
	switch string(name) {
	case "accept", "accept-language", "user-agent", "content-type", "x-goog-api-client", "x-goog-request-params", "x-server-timeout":
		return true
	}
	const family = "x-gemini-"
	return len(name) > len(family) && string(name[:len(family)]) == family
}

func credential(acc *account.Account) provider.Field {
	if acc.Platform == Subscription {
		return provider.Field{Name: "authorization", Value: "Bearer " + acc.Credential.Secret.Reveal()}
	}
	return provider.Field{Name: "x-goog-api-key", Value: acc.Credential.Secret.Reveal()}
}
