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
	for _, raw := range [...][]byte{r.cacheKey, r.sessionID, r.conversationID} {
		if id, ok := jsonscan.String(raw); ok && id != "" {
			return id
		}
	}
	switch service {
	case Chat:
		return digest(opening(r.messages))
	case Responses, Compact:
		system, user := opening(r.input)
		if user == nil && len(r.input) > 0 && r.input[0] == '"' {
			user = r.input
		}
		if system == nil {
			system = r.instructions
		}
		return digest(system, user)
	}
	return ""
}

// opening is the first system prompt and the first thing that the user said: they stay as they are for the life of a
// conversation.
func opening(messages []byte) (system, user []byte) {
	elements(messages, func(m []byte) bool {
		role := member(m, "role")
		switch {
		case jsonscan.Equal(role, "user"):
			user = m
		case system == nil && (jsonscan.Equal(role, "system") || jsonscan.Equal(role, "developer")):
			system = m
		}
		return user == nil
	})
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
	return given(r.previousResponse) || given(r.previousConversation) || encrypted(r.input)
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
