package factory

import "crs/proxyengine/provider"

// Programs are Factory's clients. Droid is given a model for each protocol that it speaks, and expands the variable itself.
func Programs() []provider.Program {
	return []provider.Program{{
		Name: Droid, Title: "Droid", Variables: []provider.Variable{{Name: "CRS_KEY", Value: "{key}"}},
		File: "~/.factory/settings.json", Merge: "Put these models, or others, into",
		Content: `{
  "customModels": [
    {
      "model": "claude-opus-4-8", "displayName": "Claude through crs", "provider": "anthropic",
      "baseUrl": "{url}/droid/claude", "apiKey": "${CRS_KEY}", "maxOutputTokens": 32000
    },
    {
      "model": "gpt-5.5", "displayName": "GPT through crs", "provider": "openai",
      "baseUrl": "{url}/droid/openai", "apiKey": "${CRS_KEY}", "maxOutputTokens": 32000
    },
    {
      "model": "gemini-2.5-pro", "displayName": "Gemini through crs", "provider": "generic-chat-completion-api",
      "baseUrl": "{url}/droid/comm/v1/", "apiKey": "${CRS_KEY}", "maxOutputTokens": 32000
    }
  ]
}
`,
	}}
}
