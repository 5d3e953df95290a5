package proxyengine

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"crs/internal/account"
	"crs/proxyengine/provider"
	"crs/proxyengine/scrub"
)

// scrubberOf makes what clears an upstream's error of what is the operator's: what is known of the account and of the answer,
// and the relay's key that was presented. It is made for errors only.
func scrubberOf(acc *account.Account, answer provider.Header, presented presented) *scrub.Scrubber {
	known := append(secretsOf(acc), scrub.Secret{Text: string(presented), Word: scrub.Credential})
	for name, value := range acc.Options {
		switch {
		case name == "project":
			known = append(known, scrub.Secret{Text: value, Word: scrub.Project})
		case !publicOption(name):
			known = append(known, scrub.Secret{Text: value, Word: scrub.Account})
		}
	}
	for _, f := range answer {
		if word := ownerField(f.Name); word != "" {
			known = append(known, scrub.Secret{Text: f.Value, Word: word})
		}
	}
	return scrub.New(append(append(known, hosts(acc.BaseURL)...), hosts(acc.Proxy.Reveal())...))
}

// secretsOf are what the account authenticates with, whole and in its parts: some credentials are several.
func secretsOf(acc *account.Account) []scrub.Secret {
	var known []scrub.Secret
	for _, text := range []string{acc.Credential.Secret.Reveal(), acc.Credential.Refresh.Reveal()} {
		known = append(known, scrub.Secret{Text: text, Word: scrub.Credential})
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n:;,.=\"'{}", r) }) {
			if len(part) >= 12 {
				known = append(known, scrub.Secret{Text: part, Word: scrub.Credential})
			}
		}
	}
	if u, err := url.Parse(acc.Proxy.Reveal()); err == nil && u.User != nil {
		password, _ := u.User.Password()
		known = append(known, scrub.Secret{Text: password, Word: scrub.Credential}, scrub.Secret{Text: u.User.Username(), Word: scrub.Credential})
	}
	return known
}

// publicOption reports whether an option of an account is a choice among few, and no name of the operator's.
func publicOption(name string) bool {
	return slices.Contains([]string{"auth", "region", "geo", "api-version", "surface", "plan"}, name)
}

// ownerField gives the word for a field of an answer that says whose the account is; "" for all others.
func ownerField(name string) string {
	var buf [64]byte
	switch string(provider.Lower(&buf, name)) {
	case "anthropic-organization-id", "openai-organization", "anthropic-workspace-id":
		return scrub.Organization
	case "openai-project", "x-goog-user-project":
		return scrub.Project
	case "x-azure-ref", "x-ms-region", "x-ms-deployment-name", "azureml-model-deployment":
		return scrub.Resource
	}
	return ""
}

// hosts are how a URL's host may be said.
func hosts(address string) []scrub.Secret {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	known := []scrub.Secret{{Text: address, Word: scrub.Address}}
	for _, host := range []string{u.Host, u.Hostname()} {
		if !usualWord(host) {
			known = append(known, scrub.Secret{Text: host, Word: scrub.Address})
		}
	}
	for folder := range strings.SplitSeq(u.Path, "/") {
		if !usualFolder(folder) {
			known = append(known, scrub.Secret{Text: "/" + folder, Word: "/" + scrub.Path})
		}
	}
	return known
}

// usualWord reports whether a host is a word that errors have: that is known for a host by where it stands alone.
func usualWord(host string) bool {
	host = strings.ToLower(host)
	return usualFolder(host) || slices.Contains([]string{
		"proxy", "gateway", "server", "host", "upstream", "backend", "relay", "router", "service", "model", "provider", "google", "chatgpt", "gpt", "local", "internal", "test",
	}, host)
}

// usualFolder reports whether a folder of a base URL is one that many have, and clients know.
func usualFolder(name string) bool {
	return slices.Contains([]string{
		"", "v1", "v2", "v1beta", "v1alpha", "v1internal", "api", "apis", "llm", "openai", "anthropic", "claude", "codex", "backend-api", "gemini", "droid", "azure", "bedrock",
		"deployments", "models", "messages", "chat", "completions", "responses", "embeddings", "images",
	}, name)
}

// secretless is text without the account's credential, for the operator.
func secretless(acc *account.Account, text string) string {
	return scrub.New(secretsOf(acc)).Exact().Text(text)
}

// newAnswerFilter makes what takes the operator's out of an answer. What is no stream is looked at when it is whole.
func (x *exchange) newAnswerFilter(acc *account.Account, h *prefetched) *answerFilter {
	c := &answerFilter{
		secrets:  secretFilter{secrets: credentialsOf(acc)},
		scrubber: sync.OnceValue(func() *scrub.Scrubber { return scrubberOf(acc, h.answer.Header, x.presented) }),
		instead: func() []byte {
			f := fault(provider.BadGateway, "the provider gave an error that is too long to be passed on")
			f.Request = x.id
			return x.route.protocol.FaultEvent(f)
		},
	}
	switch {
	case h.stream:
		c.splitter = &eventSplitter{empty: true}
	case h.flows:
		c.splitter = &objectSplitter{}
	}
	return c
}

// readable reports whether a body in an encoding can be looked into.
func readable(encoding string) bool {
	return slices.Contains([]string{"", "identity", "gzip", "x-gzip"}, strings.ToLower(encoding))
}
