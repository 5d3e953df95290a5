package daemon_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"crs/ctl/cli"
	"crs/ctl/cli/command"
	"crs/lab/crstest"
)

// TestWhatEnvPrintsLeadsToAnswers: each client, told what crs env prints, asks the way it does, and is served.
func TestWhatEnvPrintsLeadsToAnswers(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for _, platform := range []string{"claude-console", "openai-responses", "gemini-api"} {
		b.AccountOn(platform, platform)
	}
	b.Droid("factory", time.Hour)
	file := filepath.Join(t.TempDir(), "k.key")
	if err := os.WriteFile(file, []byte(b.Key("k")), 0o600); err != nil {
		t.Fatal(err)
	}
	all := askers()
	assist := all["gemini"]
	assist.body = `{"model":"gemini-2.5-pro","project":"p","user_prompt_id":"u","request":` + assist.body + `}`
	droids := map[string]asker{
		"anthropic": all["droid"], "openai": {body: all["openai"].body, header: all["droid"].header},
		"generic-chat-completion-api": {body: all["openai-responses"].body, header: all["droid"].header},
	}
	for name, c := range map[string]struct {
		address, key string // variables
		below        string // what the client asks for below the address
		asker        asker
	}{
		"claude-code":        {"ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "v1/messages", all["claude"]},
		"gemini":             {"GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY", "/v1beta/models/gemini-2.5-pro:generateContent", all["gemini"]},
		"gemini-code-assist": {"CODE_ASSIST_ENDPOINT", "GOOGLE_CLOUD_ACCESS_TOKEN", "/v1internal:generateContent", assist},
	} {
		told := env(t, b, name, file)
		served(t, b, name, told.Env[c.address]+c.below, told.Env[c.key], &c.asker)
	}
	codex := env(t, b, "codex", file)
	at := regexp.MustCompile(`base_url = "(.*)"`).FindStringSubmatch(codex.Files[0].Content)[1]
	k := all["openai"]
	served(t, b, "codex", at+"/responses", codex.Env["CRS_KEY"], &k)

	droid := env(t, b, "droid", file)
	var models struct {
		All []struct{ Provider, BaseURL, Model string } `json:"customModels"`
	}
	if err := json.Unmarshal([]byte(droid.Files[0].Content), &models); err != nil || len(models.All) != 3 {
		t.Fatalf("%v: %s", err, droid.Files[0].Content)
	}
	for _, m := range models.All {
		below := map[string]string{"anthropic": "/v1/messages", "openai": "/responses", "generic-chat-completion-api": "chat/completions"}[m.Provider]
		k := droids[m.Provider]
		k.named(m.Model)
		served(t, b, "droid, "+m.Provider, m.BaseURL+below, droid.Env["CRS_KEY"], &k)
	}
}

// told is what crs env prints as JSON.
type told struct {
	Env   map[string]string
	Files []struct{ Path, Content string }
}

func env(t *testing.T, b *crstest.Box, name, file string) told {
	t.Helper()
	var out, errs bytes.Buffer
	io := command.IO{In: strings.NewReader(""), Out: &out, Err: &errs, UID: 1000, Now: time.Now}
	args := []string{"env", "k", "--client", name, "--key-file", file, "--socket", filepath.Join(b.Dir, "crs.sock"), "-o", "json"}
	if code := cli.Run(t.Context(), command.Programs{Version: "test"}, args, io); code != 0 {
		t.Fatalf("%s: exit code %d: %s", name, code, &errs)
	}
	var said told
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		t.Fatalf("%s: %v: %s", name, err, &out)
	}
	return said
}

func served(t *testing.T, b *crstest.Box, name, url, key string, k *asker) {
	t.Helper()
	path, ok := strings.CutPrefix(url, b.URL)
	if !ok {
		t.Errorf("%s is told to ask at %s, the relay is at %s", name, url, b.URL)
		return
	}
	k.path = path
	if a := k.ask(t, b, key, false); a.Status != http.StatusOK || a.Err != nil {
		t.Errorf("%s at %s: %d %s", name, path, a.Status, a.Body)
	}
}
