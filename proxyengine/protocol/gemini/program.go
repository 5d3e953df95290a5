package gemini

import "crs/proxyengine/provider"

// Programs are the clients that speak this protocol first: Gemini CLI, with an API key and as with a Google login.
func Programs() []provider.Program {
	const vertex = "GOOGLE_GENAI_USE_VERTEXAI"
	return []provider.Program{
		{
			Name: GeminiCLI, Aliases: []string{"gemini"}, Title: "Gemini CLI",
			Variables: []provider.Variable{{Name: "GOOGLE_GEMINI_BASE_URL", Value: "{url}/gemini"}, {Name: "GEMINI_API_KEY", Value: "{key}"}},
			Unset:     []string{"GOOGLE_API_KEY", "GOOGLE_GENAI_USE_GCA", vertex}, Note: `if it asks how to authenticate: "Use Gemini API Key"`,
		},
		{
			Name: "gemini-code-assist", As: GeminiCLI, Title: "Gemini CLI, as with a Google login",
			Variables: []provider.Variable{
				{Name: "CODE_ASSIST_ENDPOINT", Value: "{url}/gemini"}, {Name: "GOOGLE_CLOUD_ACCESS_TOKEN", Value: "{key}"}, {Name: "GOOGLE_GENAI_USE_GCA", Value: "true"},
			},
			Unset: []string{vertex}, Note: `if it asks how to authenticate: "Login with Google"`,
		},
	}
}
