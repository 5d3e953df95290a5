package anthropic

import "crs/proxyengine/provider"

// Programs are the clients that speak this protocol first. Claude Code adds the path of a request to the URL.
func Programs() []provider.Program {
	return []provider.Program{{
		Name: ClaudeCode, Title: "Claude Code",
		Variables: []provider.Variable{{Name: "ANTHROPIC_BASE_URL", Value: "{url}/api/"}, {Name: "ANTHROPIC_AUTH_TOKEN", Value: "{key}"}},
		Unset:     []string{"ANTHROPIC_API_KEY"}, Elsewhere: `, or the values under "env" into ~/.claude/settings.json`,
	}}
}
