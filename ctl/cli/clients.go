package cli

import (
	"strings"

	"crs/ctl"
)

// client is a program that can be pointed at the relay, and how: protocols.md, H.
type client struct {
	name, title string
	// env is what its environment has to hold, and unset what it must not.
	env   func(url, key string) []variable
	unset []string
	or    string // another place for the environment
	note  string // what else is to be done
	// path and text are of a file that it reads; path is empty when it needs none. merge says that the file may hold more.
	path, merge string
	text        func(url string) string
}

// clients are those that crs env knows.
func clients() []client {
	return []client{
		{name: "claude-code", title: "Claude Code", env: claudeCode, unset: []string{"ANTHROPIC_API_KEY"}, or: `, or the values under "env" into ~/.claude/settings.json`},
		{
			name: "codex", title: "Codex", env: keyOnly, path: "~/.codex/config.toml",
			merge: "Put this at the top of", text: codexConfig,
		},
		{name: "gemini", title: "Gemini CLI", env: geminiAPI, unset: []string{"GOOGLE_API_KEY", "GOOGLE_GENAI_USE_GCA", "GOOGLE_GENAI_USE_VERTEXAI"}, note: `if it asks how to authenticate: "Use Gemini API Key"`},
		{name: "gemini-code-assist", title: "Gemini CLI, as with a Google login", env: codeAssist, unset: []string{"GOOGLE_GENAI_USE_VERTEXAI"}, note: `if it asks how to authenticate: "Login with Google"`},
		{
			name: "droid", title: "Droid", env: keyOnly, path: "~/.factory/settings.json",
			merge: "Put these models, or others, into", text: droidModels,
		},
	}
}

func clientNames() []string {
	return names(clients(), nil, func(c *client) string { return c.name })
}

// findClient gives the client with a name.
func findClient(name string) (*client, error) {
	for _, c := range clients() {
		if c.name == name {
			return &c, nil
		}
	}
	all := strings.Join(clientNames(), ", ")
	if name == "" {
		return nil, ctl.Errorf(ctl.BadRequest, "the client is missing").WithHint("name it: --client %s", strings.ReplaceAll(all, ", ", "|"))
	}
	return nil, ctl.Errorf(ctl.BadRequest, "crs does not know how client %q is set up", name).WithHint("it knows: %s; see docs/clients.md for others", all)
}

// variable is one of an environment.
type variable struct{ name, value string }

// claudeCode is what Claude Code wants to be told. It adds the path of a request to the URL.
func claudeCode(url, key string) []variable {
	return []variable{{"ANTHROPIC_BASE_URL", url + "/api/"}, {"ANTHROPIC_AUTH_TOKEN", key}}
}

// keyOnly is for clients that are told the URL in a file, which names this variable.
func keyOnly(_, key string) []variable { return []variable{{"CRS_KEY", key}} }

func geminiAPI(url, key string) []variable {
	return []variable{{"GOOGLE_GEMINI_BASE_URL", url + "/gemini"}, {"GEMINI_API_KEY", key}}
}

func codeAssist(url, key string) []variable {
	return []variable{{"CODE_ASSIST_ENDPOINT", url + "/gemini"}, {"GOOGLE_CLOUD_ACCESS_TOKEN", key}, {"GOOGLE_GENAI_USE_GCA", "true"}}
}

func codexConfig(url string) string {
	return `model_provider = "crs"

[model_providers.crs]
name = "crs"
base_url = "` + url + `/openai"
wire_api = "responses"
env_key = "CRS_KEY"
`
}

// droidModels has a model for each protocol that Droid speaks. It expands the variable itself.
func droidModels(url string) string {
	return `{
  "customModels": [
    {
      "model": "claude-opus-4-8", "displayName": "Claude through crs", "provider": "anthropic",
      "baseUrl": "` + url + `/droid/claude", "apiKey": "${CRS_KEY}", "maxOutputTokens": 32000
    },
    {
      "model": "gpt-5.5", "displayName": "GPT through crs", "provider": "openai",
      "baseUrl": "` + url + `/droid/openai", "apiKey": "${CRS_KEY}", "maxOutputTokens": 32000
    },
    {
      "model": "gemini-2.5-pro", "displayName": "Gemini through crs", "provider": "generic-chat-completion-api",
      "baseUrl": "` + url + `/droid/comm/v1/", "apiKey": "${CRS_KEY}", "maxOutputTokens": 32000
    }
  ]
}
`
}
