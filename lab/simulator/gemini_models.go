package simulator

import "strings"

// geminiModels are the models the list tells of.
var geminiModels = []struct{ name, title, method string }{
	{"gemini-2.5-pro", "Gemini 2.5 Pro", "generateContent"},
	{"gemini-2.5-flash", "Gemini 2.5 Flash", "generateContent"},
	{"gemini-3-pro-preview", "Gemini 3 Pro Preview", "generateContent"},
	{"gemini-embedding-001", "Gemini Embedding 001", "embedContent"},
}

func geminiModel(i int) string {
	m := geminiModels[i]
	return `{"name":"models/` + m.name + `","version":"001","displayName":"` + m.title +
		`","inputTokenLimit":1048576,"outputTokenLimit":65536,"supportedGenerationMethods":["` + m.method + `","countTokens"]}`
}

func (a *gemini) answerModels(*call, *step) reply {
	var all []string
	for i := range geminiModels {
		all = append(all, geminiModel(i))
	}
	return reply{status: 200, content: googleJSON, fields: googleFields, body: []byte(`{"models":[` + strings.Join(all, ",") + `]}`)}
}

func (a *gemini) admitModel(c *call) *failure {
	if f := a.identify(c); f != nil {
		return f
	}
	name, _ := modelAndAction(c.path)
	c.nameModel(name)
	if listed(c) < 0 {
		f := findGemini(notFound).render(c, notFound)
		return &f
	}
	return nil
}

func (a *gemini) answerModel(c *call, _ *step) reply {
	return reply{status: 200, content: googleJSON, fields: googleFields, body: []byte(geminiModel(listed(c)))}
}

// listed is where the model that is asked for stands in the list, or -1.
func listed(c *call) int {
	for i, m := range geminiModels {
		if m.name == c.prompt.modelName() {
			return i
		}
	}
	return -1
}
