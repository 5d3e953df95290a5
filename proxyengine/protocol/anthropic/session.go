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
	if r.metadata != nil && len(r.metadata) <= mostMetadata {
		if id := SessionOf(gjson.GetBytes(r.metadata, "user_id").String()); id != "" {
			return id
		}
	}
	if texts := cached(r.system); len(texts) > 0 {
		return provider.Digest(texts...)
	}
	if r.system != nil {
		return provider.Digest(r.system)
	}
	if first := firstMessage(r.messages); len(first) > 0 {
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
	if len(system) == 0 || system[0] != '[' {
		return nil
	}
	gjson.Parse(jsonscan.View(system)).ForEach(func(_, block gjson.Result) bool {
		if text := block.Get("text"); block.Get("cache_control").Exists() && len(text.Raw) > len(`""`) {
			texts = append(texts, jsonscan.Bytes(text.Raw))
		}
		return len(texts) < mostCached
	})
	return texts
}

// firstMessage is the raw first message: it stays as it is for the life of a conversation.
func firstMessage(messages []byte) []byte {
	if len(messages) == 0 || messages[0] != '[' {
		return nil
	}
	return jsonscan.Bytes(gjson.Get(jsonscan.View(messages), "0").Raw)
}
