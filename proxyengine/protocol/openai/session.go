package openai

import (
	"bytes"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// session tells which conversation a request belongs to, so that it stays where its prompt is cached: what the client
// says, else what stays the same from turn to turn (protocols.md, E.2).
func (r *request) session(service string, h provider.Header) string {
	for _, name := range [...]string{"session-id", "session_id", "conversation_id", "x-session-id", "thread-id"} {
		if id := h.Get(name); id != "" {
			return id
		}
	}
	for _, raw := range [...][]byte{r.cacheKey.Raw, r.sessionID.Raw, r.conversationID.Raw} {
		if id, ok := jsonscan.String(raw); ok && id != "" {
			return id
		}
	}
	switch service {
	case Chat:
		return digest(opening(r.messages.Raw))
	case Responses, Compact:
		input := r.input.Raw
		system, user := opening(input)
		if user == nil && len(input) > 0 && input[0] == '"' {
			user = input
		}
		if system == nil {
			system = r.instructions.Raw
		}
		return digest(system, user)
	}
	return ""
}

// opening is the first system prompt and the first thing that the user said: they stay as they are for the life of a
// conversation.
func opening(messages []byte) (system, user []byte) {
	m := jsonscan.Array(messages)
	for user == nil && m.Next() {
		role := jsonscan.Get(m.Value, "role")
		switch {
		case jsonscan.Equal(role, "user"):
			user = m.Value
		case system == nil && (jsonscan.Equal(role, "system") || jsonscan.Equal(role, "developer")):
			system = m.Value
		}
	}
	return system, user
}

// digest is "" when the user has said nothing: a system prompt alone is many conversations'.
func digest(system, user []byte) string {
	if user == nil {
		return ""
	}
	return provider.Digest(system, user)
}

// hard reports whether the request builds on what only one account can read: its encrypted thoughts, or answers that it
// keeps.
func (r *request) hard() bool {
	return given(r.previousResponse.Raw) || given(r.previousConversation.Raw) || encrypted(r.input.Raw)
}

func given(raw []byte) bool {
	return len(raw) > 0 && string(raw) != "null" && string(raw) != `""`
}

// encrypted looks for a member encrypted_content that holds something. In a text the name's quotes are escaped, so that it
// is not found there.
func encrypted(input []byte) bool {
	name := []byte(`"encrypted_content"`)
	for {
		i := bytes.Index(input, name)
		if i < 0 {
			return false
		}
		input = input[i+len(name):]
		rest, isKey := bytes.CutPrefix(bytes.TrimLeft(input, " \t\r\n"), []byte(":"))
		if !isKey {
			continue
		}
		if rest = bytes.TrimLeft(rest, " \t\r\n"); len(rest) > 1 && rest[0] == '"' && rest[1] != '"' {
			return true
		}
	}
}
