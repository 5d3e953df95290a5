package anthropic

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/tidwall/gjson"

	"crs/proxyengine/provider"
)

// session tells which conversation a request belongs to, so that it stays where its prompt is cached: what the client
// says, else what stays the same from turn to turn (protocols.md, A.12).
func session(h provider.Header, r *request) string {
	if id := h.Get("x-claude-code-session-id"); id != "" {
		return id
	}
	if r.metadata != nil {
		if id := SessionOf(gjson.GetBytes(r.metadata, "user_id").String()); id != "" {
			return id
		}
	}
	if text := cachedText(r.system); text != "" {
		return digest(text)
	}
	if r.system != nil {
		return digest(string(r.system))
	}
	return digest(firstMessage(r.messages))
}

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

// cachedText is the part of a system prompt that the client asked to be cached.
func cachedText(system []byte) string {
	if len(system) == 0 || system[0] != '[' {
		return ""
	}
	var text strings.Builder
	gjson.ParseBytes(system).ForEach(func(_, block gjson.Result) bool {
		if block.Get("cache_control").Exists() {
			text.WriteString(block.Get("text").String())
		}
		return true
	})
	return text.String()
}

// firstMessage is the raw first message: it stays as it is for the life of a conversation.
func firstMessage(messages []byte) string {
	if len(messages) == 0 || messages[0] != '[' {
		return ""
	}
	return gjson.GetBytes(messages, "0").Raw
}

func digest(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
