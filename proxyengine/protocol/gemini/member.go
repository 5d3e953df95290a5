package gemini

import (
	"errors"

	"crs/internal/jsonscan"
)

// Member is where a member of an object stands.
type Member struct {
	Raw []byte // its value as it is written; nil when it is not there
	At  int    // where that begins
}

// members finds members by the slots they have. One that has a slot and stands there twice is refused: readers differ in
// which of the two counts, so the relay might allow one and the upstream serve the other.
func members(object []byte, slot func(key []byte) *Member) error {
	s := jsonscan.Top(object)
	for s.Next() {
		key := s.Key
		if jsonscan.Escaped(key) {
			plain, ok := jsonscan.Canonical(key)
			if !ok {
				return errors.New("a key of the request is not valid JSON")
			}
			key = plain
		}
		m := slot(key)
		if m == nil {
			continue
		}
		if m.Raw != nil {
			return errors.New(string(key) + ": it is there twice")
		}
		m.Raw, m.At = s.Value, s.Offset
	}
	return s.Err()
}

// Envelope is what Code Assist puts around a request.
type Envelope struct{ Model, Project, Request Member }

// ReadEnvelope finds the members of a Code Assist request.
func ReadEnvelope(body []byte) (Envelope, error) {
	var e Envelope
	err := members(body, func(key []byte) *Member {
		switch string(key) {
		case "model":
			return &e.Model
		case "project":
			return &e.Project
		case "request":
			return &e.Request
		}
		return nil
	})
	return e, err
}

// Request is the members of a request that the relay must know. The rest is the upstream's business.
type Request struct {
	Contents, Content, Requests Member
	// Nested is a count's generateContentRequest: a whole request in it.
	Nested  Member
	Model   Member
	System  Member
	Config  Member
	Session Member
}

// ReadRequest finds the members of a request: of the public API, or what stands in an Envelope.
func ReadRequest(object []byte) (Request, error) {
	var r Request
	err := members(object, func(key []byte) *Member {
		switch string(key) {
		case "contents":
			return &r.Contents
		case "content":
			return &r.Content
		case "requests":
			return &r.Requests
		case "generateContentRequest", "generate_content_request":
			return &r.Nested
		case "model":
			return &r.Model
		case "systemInstruction", "system_instruction":
			return &r.System
		case "generationConfig", "generation_config":
			return &r.Config
		case "session_id", "sessionId":
			return &r.Session
		}
		return nil
	})
	return r, err
}
