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
	b, err := p.base(acc)
	if err != nil {
		return nil, err
	}
	out := &provider.Outbound{Endpoint: b.endpoint, Method: http.MethodPost, Header: header(in.Header, acc)}
	if acc.Platform == Subscription {
		err = toAssist(out, in, want, acc)
	} else {
		out.Target = b.at(versionOf(in.Path), upstream(want, acc), action(in, want))
		err = toAPI(out, in, want, acc)
	}
	out.Target = provider.WithQuery(out.Target, asked(in.Query))
	return out, err
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

// toAPI writes a body for the public API.
func toAPI(out *provider.Outbound, in *provider.Inbound, want *provider.Intent, acc *account.Account) (err error) {
	if assists(want) {
		out.Body, err = unwrap(in.Body)
	} else {
		out.Body, err = renamed(in.Body, want.Model, upstream(want, acc))
	}
	return err
}

// toAssist addresses Code Assist.
func toAssist(out *provider.Outbound, in *provider.Inbound, want *provider.Intent, acc *account.Account) (err error) {
	out.Target = out.Endpoint.Path + internal + ":" + action(in, want)
	switch name := upstream(want, acc); want.Service {
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
	return append(provider.Forwarded(client, forwarded), provider.Identity(), credential(acc))
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
		return provider.Bearer(acc.Credential.Secret.Reveal())
	}
	return provider.Field{Name: "x-goog-api-key", Value: acc.Credential.Secret.Reveal()}
}
