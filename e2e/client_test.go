//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// client is a real client, and how it is pointed at a relay: by its environment and a file in its home. {url} and {key}
// in these stand for where the relay is and for the key.
type client struct {
	name      string
	path      string   // of the relay
	known     string   // what the request log calls it
	platforms []string // what accounts it is run on
	command   []string
	env       []string
	file      string // from its home
	text      string // of the file
}

// loginPlatforms are the subscriptions among the platforms.
func loginPlatforms() []string { return []string{"claude", "openai", "gemini"} }

func clients() []client {
	return []client{
		{
			name: "Claude Code", path: "/api/", known: "claude-code", platforms: []string{"claude-console", "claude"},
			command: []string{"claude", "-p", "say ping"},
			env:     []string{"ANTHROPIC_BASE_URL={url}", "ANTHROPIC_AUTH_TOKEN={key}", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1"},
		},
		{
			name: "Codex", path: "/openai", known: "codex", platforms: []string{"openai-responses", "openai"},
			command: []string{"codex", "exec", "--skip-git-repo-check", "say ping"},
			env:     []string{"RELAY_KEY={key}"},
			file:    ".codex/config.toml",
			text: "model = 'gpt-5.5'\nmodel_provider = 'relay'\n" +
				"[model_providers.relay]\nname = 'relay'\nbase_url = '{url}'\nwire_api = 'responses'\nenv_key = 'RELAY_KEY'\n",
		},
		{
			name: "Gemini CLI", path: "/gemini", known: "gemini-cli", platforms: []string{"gemini-api", "gemini"},
			command: []string{"gemini", "--skip-trust", "-p", "say ping"},
			env:     []string{"GEMINI_MODEL=gemini-2.5-pro", "GOOGLE_GEMINI_BASE_URL={url}", "GEMINI_API_KEY={key}"},
			file:    ".gemini/settings.json",
			text:    `{"security": {"auth": {"selectedType": "gemini-api-key"}}}`,
		},
		{
			name: "Gemini CLI with a login", path: "/gemini", known: "gemini-cli", platforms: []string{"gemini-api", "gemini"},
			command: []string{"gemini", "--skip-trust", "-p", "say ping"},
			env:     []string{"GEMINI_MODEL=gemini-2.5-pro", "CODE_ASSIST_ENDPOINT={url}", "GOOGLE_CLOUD_ACCESS_TOKEN={key}", "GOOGLE_GENAI_USE_GCA=true"},
			file:    ".gemini/settings.json",
			text:    `{"security": {"auth": {"selectedType": "oauth-personal"}}}`,
		},
		{
			name: "opencode", path: "/api/v1", platforms: []string{"claude-console"},
			command: []string{"opencode", "run", "say ping"},
			env:     []string{"OPENCODE_DISABLE_MODELS_FETCH=1"},
			file:    ".config/opencode/opencode.json",
			text: `{"provider": {"relay": {"npm": "@ai-sdk/anthropic", "options": {"baseURL": "{url}", "apiKey": "{key}"}, "models": {"claude-sonnet-4-5": {}}}},
				"model": "relay/claude-sonnet-4-5", "small_model": "relay/claude-sonnet-4-5", "autoupdate": false, "share": "disabled"}`,
		},
	}
}

// installClients gives the PATH to run real clients with.
func installClients(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "clients/install")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("install the real clients: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// run runs a client in a new home and with no environment but its own, and gives what it prints.
func (c client) run(t *testing.T, path, url, key string) (string, error) {
	t.Helper()
	home, work := t.TempDir(), t.TempDir()
	told := strings.NewReplacer("{url}", url, "{key}", key)
	if c.file != "" {
		file := filepath.Join(home, c.file)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(file, []byte(told.Replace(c.text)), 0o600); err != nil {
			return "", err
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // a busy machine takes two to start one of them
	defer cancel()
	// env looks for the client in its PATH, not in ours, and gives it nothing else.
	cmd := exec.CommandContext(ctx, "env", "-i", "PATH="+path, "HOME="+home, "TMPDIR="+home, "TERM=xterm-256color")
	for _, set := range c.env {
		cmd.Args = append(cmd.Args, told.Replace(set))
	}
	cmd.Args = append(cmd.Args, c.command...)
	cmd.Dir = work
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}
