package vertex

import (
	"crs/lab/simulator/gemini"
	"crs/lab/simulator/login"
	"crs/lab/simulator/provider"
)

// google is Vertex as far as it serves Google's own models.
type google struct {
	*gemini.API
	services *login.Services
	actions  provider.Routes // by what the path has behind the model
}

// NewGemini makes what serves Google's own models; the answers are those of its API for keys.
func NewGemini(api *gemini.API, s *login.Services) provider.Provider {
	a := &google{API: api, services: s}
	a.actions = provider.Routes{
		"POST generateContent":       {Inference: true, Admit: a.admit, Answer: api.AnswerWhole},
		"POST streamGenerateContent": {Inference: true, Admit: a.admit, Answer: api.AnswerStream},
		"POST countTokens":           {Admit: a.admit, Answer: api.AnswerCount},
	}
	return a
}

// Find gives what answers a path, or nil.
func (a *google) Find(method, path string) *provider.Endpoint {
	return a.actions.Find(method, targetOf(path, "google").action)
}

// admit checks who calls, by a service account's token or an API key, then the body. The path names the model, the body does not.
func (a *google) admit(c *provider.Call) *provider.Failure {
	if f := a.identify(c); f != nil {
		return f
	}
	c.Prompt.Model = gemini.Unescaped(targetOf(c.Path, "google").model)
	fields, ok := provider.ReadObject(c.Body)
	if !ok {
		return gemini.Unreadable()
	}
	if fields["model"] != nil {
		return gemini.Strange("model")
	}
	return gemini.Check(c, fields, "GenerateContentRequest")
}

func (a *google) identify(c *provider.Call) *provider.Failure {
	if c.Header.Get("x-goog-api-key") != "" {
		return a.Identify(c)
	}
	return identify(c, a.services)
}
