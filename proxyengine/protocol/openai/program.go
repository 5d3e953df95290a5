package openai

import "crs/proxyengine/provider"

// Programs are the clients that speak this protocol first. Codex is told where to go in a file, which names the variable.
func Programs() []provider.Program {
	return []provider.Program{{
		Name: CodexCLI, Title: "Codex", Variables: []provider.Variable{{Name: "CRS_KEY", Value: "{key}"}},
		File: "~/.codex/config.toml", Merge: "Put this at the top of",
		Content: `model_provider = "crs"

[model_providers.crs]
name = "crs"
base_url = "{url}/openai"
wire_api = "responses"
env_key = "CRS_KEY"
`,
	}}
}
