package anthropic

import (
	"strings"

	"github.com/tidwall/gjson"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// session tells which conversation a request belongs to, so that it stays where its prompt is cached: what the client
// says, else what stays the same from turn to turn (protocols.md, A.12).
func session(h provider.Header, r *request) string {
	if id := h.Get("x-claude-code-session-id"); id != "" {
		return id
	}
	if r.metadata.Raw != nil && len(r.metadata.Raw) <= mostMetadata {
		if id := SessionOf(gjson.GetBytes(r.metadata.Raw, "user_id").String()); id != "" {
			return id
		}
	}
	if texts := cached(r.system.Raw); len(texts) > 0 {
		return provider.Digest(texts...)
	}
	if r.system.Raw != nil {
		return provider.Digest(r.system.Raw)
	}
	// The first message stays as it is for the life of a conversation.
	if first := jsonscan.First(r.messages.Raw); len(first) > 0 {
		return provider.Digest(first)
	}
	return ""
}

// mostMetadata is up to which size somebody's metadata is looked at: what Anthropic takes is far shorter.
const mostMetadata = 16 << 10

// SessionOf reads the session out of a metadata.user_id, in either of the forms that Claude Code has used.
func SessionOf(userID string) string {
	if strings.HasPrefix(userID, "{") {
		return gjson.Get(userID, "session_id").String()
	}
	if !strings.HasPrefix(userID, "user_") {
		return ""
	}
	_, id, found := strings.Cut(userID, "_session_")
	if !found {
		return ""
	}
	return id
}

// mostCached is how many parts of a prompt can be asked to be cached.
const mostCached = 4

// cached are the texts of a system prompt that the client asked to be cached.
func cached(system []byte) (texts [][]byte) {
	s := jsonscan.Array(system)
	for len(texts) < mostCached && s.Next() {
		if text := jsonscan.Get(s.Value, "text"); len(text) > len(`""`) && jsonscan.Get(s.Value, "cache_control") != nil {
			texts = append(texts, text)
		}
	}
	return texts
}
