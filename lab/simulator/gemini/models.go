package gemini

import (
	"encoding/json"

	"crs/lab/simulator/provider"
)

type model struct{ name, title, method string }

// models are those that the list tells of.
func models() []model {
	return []model{
		{"gemini-2.5-pro", "Gemini 2.5 Pro", "generateContent"},
		{"gemini-2.5-flash", "Gemini 2.5 Flash", "generateContent"},
		{"gemini-3-pro-preview", "Gemini 3 Pro Preview", "generateContent"},
		{"gemini-embedding-001", "Gemini Embedding 001", "embedContent"},
	}
}

func (m model) object() json.RawMessage {
	return provider.Object("name", "models/"+m.name, "version", "001", "displayName", m.title,
		"inputTokenLimit", 1048576, "outputTokenLimit", 65536, "supportedGenerationMethods", provider.List(m.method, "countTokens"))
}

func answerModels(*provider.Call, *provider.Step) provider.Reply {
	var all []json.RawMessage
	for _, m := range models() {
		all = append(all, m.object())
	}
	return answered(provider.Object("models", provider.List(all...)))
}

func (a *API) admitModel(c *provider.Call) *provider.Failure {
	if f := a.Identify(c); f != nil {
		return f
	}
	for _, m := range models() {
		if m.name == c.Prompt.Model {
			c.Details = m
			return nil
		}
	}
	f := a.Failure(c, provider.StatusStep(404, ""))
	return &f
}

func answerModel(c *provider.Call, _ *provider.Step) provider.Reply {
	return answered(c.Details.(model).object())
}
