package gemini

import "crs/internal/jsonscan"

// members finds members by the slots they have. One that has a slot may not be there twice.
func members(object []byte, slot func(key []byte) *jsonscan.Part) error {
	s := jsonscan.Top(object)
	for s.Next() {
		s.Keep(slot(s.Name()))
	}
	return s.Err()
}

// Envelope is what Code Assist puts around a request.
type Envelope struct{ Model, Project, Request jsonscan.Part }

// ReadEnvelope finds the members of a Code Assist request.
func ReadEnvelope(body []byte) (Envelope, error) {
	var e Envelope
	err := members(body, func(key []byte) *jsonscan.Part {
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
	Contents, Content, Requests jsonscan.Part
	// Nested is a count's generateContentRequest: a whole request in it.
	Nested  jsonscan.Part
	Model   jsonscan.Part
	System  jsonscan.Part
	Config  jsonscan.Part
	Session jsonscan.Part
}

// ReadRequest finds the members of a request: of the public API, or what stands in an Envelope.
func ReadRequest(object []byte) (Request, error) {
	var r Request
	err := members(object, func(key []byte) *jsonscan.Part {
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
