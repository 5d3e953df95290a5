package gemini

import "crs/internal/jsonscan"

// Envelope is what Code Assist puts around a request.
type Envelope struct{ Model, Project, Request jsonscan.Part }

// ReadEnvelope finds the members of a Code Assist request. One that decides something may not be there twice.
func ReadEnvelope(body []byte) (e Envelope, err error) {
	want := jsonscan.Want
	err = jsonscan.Find(body, want("model", &e.Model), want("project", &e.Project), want("request", &e.Request))
	return e, err
}

// Request is the members of a request that the relay must know. The rest is the upstream's business.
type Request struct {
	Contents, Content, Requests jsonscan.Part
	// Nested is a count's generateContentRequest: a whole request in it.
	Nested                         jsonscan.Part
	Model, System, Config, Session jsonscan.Part
	Tier                           jsonscan.Part
}

// ReadRequest finds the members of a request: of the public API, or what stands in an Envelope.
func ReadRequest(object []byte) (r Request, err error) {
	want := jsonscan.Want
	err = jsonscan.Find(object, want("contents", &r.Contents), want("content", &r.Content), want("requests", &r.Requests),
		want("generateContentRequest", &r.Nested), want("generate_content_request", &r.Nested), want("model", &r.Model),
		want("systemInstruction", &r.System), want("system_instruction", &r.System),
		want("generationConfig", &r.Config), want("generation_config", &r.Config),
		want("session_id", &r.Session), want("sessionId", &r.Session),
		want("serviceTier", &r.Tier), want("service_tier", &r.Tier))
	return r, err
}
