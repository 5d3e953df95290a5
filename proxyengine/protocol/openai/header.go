package openai

import "crs/proxyengine/provider"

// Header is what goes upstream of a client's header: the fields that the protocol knows. What it does not know may be about
// the way between client and relay, and stays here. So do the client's own organization, project and account: they belong
// to another credential than the one that is used. The caller adds the account's credential.
func Header(client provider.Header) provider.Header {
	return append(provider.Forwarded(client, forwarded), provider.Identity())
}

func forwarded(name []byte) bool {
	switch string(name) {
	case "openai-organization", "openai-project":
		return false
	case "accept", "accept-language", "user-agent", "content-type", "idempotency-key", "originator", "version",
		"session-id", "session_id", "conversation_id", "x-session-id", "thread-id", "x-client-request-id":
		return true
	}
	for _, family := range [...]string{"openai-", "x-openai-", "x-codex-", "x-stainless-"} {
		if len(name) > len(family) && string(name[:len(family)]) == family {
			return true
		}
	}
	return false
}
