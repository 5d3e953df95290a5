package openai

import (
	"bytes"
	"errors"

	"crs/internal/jsonscan"
)

// request is the members of a body that the relay must know. The rest is the upstream's business.
type request struct {
	model, stream, streamOptions           []byte
	maxOutput, maxCompletion, maxTokens    []byte
	messages, input, instructions          []byte
	cacheKey, sessionID, conversationID    []byte
	previousResponse, previousConversation []byte
	n                                      []byte // how many images
	modelAt                                int
}

// scan finds the members. A member that decides something and stands there twice is refused: readers differ in which of
// the two counts, so the relay might allow one and the upstream serve the other.
func scan(body []byte) (r request, err error) {
	s := jsonscan.Top(body)
	for s.Next() {
		key, err := plain(s.Key)
		if err != nil {
			return r, refuse("%s", err)
		}
		slot := r.slot(key)
		if slot == nil {
			continue
		}
		if *slot != nil {
			return r, refuse("Duplicate parameter: '%s'.", key)
		}
		*slot = s.Value
		if slot == &r.model {
			r.modelAt = s.Offset
		}
	}
	if err := s.Err(); err != nil {
		return r, refuse("%s", err)
	}
	return r, nil
}

// plain is a key as its readers understand it.
func plain(key []byte) ([]byte, error) {
	if !jsonscan.Escaped(key) {
		return key, nil
	}
	name, ok := jsonscan.Canonical(key)
	if !ok {
		return nil, errors.New("a key of the request is not valid JSON")
	}
	return name, nil
}

func (r *request) slot(key []byte) *[]byte {
	switch string(key) {
	case "model":
		return &r.model
	case "stream":
		return &r.stream
	case "stream_options":
		return &r.streamOptions
	case "max_output_tokens":
		return &r.maxOutput
	case "max_completion_tokens":
		return &r.maxCompletion
	case "max_tokens":
		return &r.maxTokens
	case "n":
		return &r.n
	case "messages":
		return &r.messages
	case "input":
		return &r.input
	case "instructions":
		return &r.instructions
	case "prompt_cache_key":
		return &r.cacheKey
	case "session_id":
		return &r.sessionID
	case "conversation_id":
		return &r.conversationID
	case "previous_response_id":
		return &r.previousResponse
	case "conversation":
		return &r.previousConversation
	}
	return nil
}

// member gives the raw value of a member, nil when there is none or the object is broken before it.
func member(object []byte, name string) []byte {
	s := jsonscan.Top(object)
	for s.Next() {
		if string(s.Key) == name {
			return s.Value
		}
	}
	return nil
}

// elements gives the elements of an array, one after the other, until it is told to stop. Of an array that is broken it
// gives what comes before.
func elements(array []byte, yield func([]byte) bool) {
	if len(array) == 0 || array[0] != '[' {
		return
	}
	start, depth := 1, 0
	for i := 1; i < len(array); i++ {
		switch c := array[i]; c {
		case '"':
			if i = endOfString(array, i); i < 0 {
				return
			}
		case '[', '{':
			depth++
		case ']', '}', ',':
			if depth == 0 {
				if !yield(bytes.TrimSpace(array[start:i])) || c != ',' {
					return
				}
				start = i + 1
			} else if c != ',' {
				depth--
			}
		}
	}
}

// endOfString gives the place of the quote that ends the string which begins at i, or -1.
func endOfString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		jump := bytes.IndexAny(b[i:], `"\\`)
		if jump < 0 {
			return -1
		}
		if i += jump; b[i] == '"' {
			return i
		}
		i++ // what is escaped
	}
	return -1
}
