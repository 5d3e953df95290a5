package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/ctl"
	"crs/ctl/cli/remote"
)

func TestWhatEachClientIsTold(t *testing.T) {
	t.Parallel()
	secret := "cr_" + strings.Repeat("a", 64)
	file := filepath.Join(t.TempDir(), "alice.key")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	socket := fake(t, map[string]any{
		"GET /keys/alice": ctl.Key{Name: "alice", Hint: "cr_aaaa…", State: "active"}, "GET /status": ctl.Status{Listen: "0.0.0.0:3000"},
	})
	const at = "http://127.0.0.1:3000"
	for name, want := range map[string]struct {
		env   map[string]string
		file  string
		holds []string // the file
	}{
		"claude-code": {env: map[string]string{"ANTHROPIC_BASE_URL": at + "/api/", "ANTHROPIC_AUTH_TOKEN": secret}},
		"codex": {
			env: map[string]string{"CRS_KEY": secret}, file: "~/.codex/config.toml",
			holds: []string{`model_provider = "crs"` + "\n\n[model_providers.crs]\n", `base_url = "` + at + `/openai"`, `wire_api = "responses"`, `env_key = "CRS_KEY"`},
		},
		"gemini-cli":         {env: map[string]string{"GOOGLE_GEMINI_BASE_URL": at + "/gemini", "GEMINI_API_KEY": secret}},
		"gemini":             {env: map[string]string{"GOOGLE_GEMINI_BASE_URL": at + "/gemini", "GEMINI_API_KEY": secret}},
		"gemini-code-assist": {env: map[string]string{"CODE_ASSIST_ENDPOINT": at + "/gemini", "GOOGLE_CLOUD_ACCESS_TOKEN": secret, "GOOGLE_GENAI_USE_GCA": "true"}},
		"droid": {
			env: map[string]string{"CRS_KEY": secret}, file: "~/.factory/settings.json",
			holds: []string{at + "/droid/claude", at + "/droid/openai", at + "/droid/comm/v1/", "${CRS_KEY}"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, nil, "env", "alice", "--client", name, "--key-file", file, "--socket", socket, "-o", "json")
			var s remote.Settings
			if err := json.Unmarshal([]byte(got.out), &s); err != nil || s.Client != name || s.Key != "alice" || s.URL != at || len(s.Env) != len(want.env) {
				t.Fatalf("%+v, %v", got, err)
			}
			text := run(t, nil, "env", "alice", "--client", name, "--key-file", file, "--socket", socket).out
			for variable, value := range want.env {
				if s.Env[variable] != value || !strings.Contains(text, "\nexport "+variable+"="+value+"\n") {
					t.Errorf("%s is %q, and as text:\n%s", variable, s.Env[variable], text)
				}
			}
			if want.file == "" {
				if len(s.Files) > 0 {
					t.Errorf("%+v", s.Files)
				}
				return
			}
			if len(s.Files) != 1 || s.Files[0].Path != want.file || !strings.Contains(text, s.Files[0].Content) || strings.Contains(s.Files[0].Content, secret) {
				t.Fatalf("%+v, and as text:\n%s", s.Files, text)
			}
			for _, part := range want.holds {
				if !strings.Contains(s.Files[0].Content, part) {
					t.Errorf("%q is not in\n%s", part, s.Files[0].Content)
				}
			}
			if strings.HasSuffix(want.file, ".json") && !json.Valid([]byte(s.Files[0].Content)) {
				t.Errorf("no JSON: %s", s.Files[0].Content)
			}
		})
	}
}

func TestAKeysLimitsAreSaidWithItsSettings(t *testing.T) {
	t.Parallel()
	socket := fake(t, map[string]any{
		"GET /keys/alice": ctl.Key{Name: "alice", Hint: "cr_aaaa…", State: "disabled", Limits: ctl.Limits{Permissions: []string{"openai", "droid"}}},
	})
	got := run(t, nil, "env", "alice", "--client", "codex", "--url", "https://relay.example.com/crs/", "--socket", socket)
	for _, says := range []string{"put the key (cr_aaaa…) where cr_… stands", "is disabled now", "accounts of these only: openai, droid", `"https://relay.example.com/crs/openai"`, "export CRS_KEY=cr_…\n"} {
		if !strings.Contains(got.out, says) {
			t.Errorf("it does not say %q: %+v", says, got)
		}
	}
	for _, url := range []string{"relay.example.com", "ftp://relay", `https://relay"; rm -rf /`, "https://relay/$(x)", "https://relay/?a=b", "https://"} {
		if got := run(t, nil, "env", "alice", "--client", "codex", "--url", url, "--socket", socket); got.code != 2 || got.out != "" {
			t.Errorf("%s: %+v", url, got)
		}
	}
}
