package cli

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func TestAPriceTableIsReadByTheDaemonOrSentToIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"table.json": `{"m":{}}`, "empty": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		changed := time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)
		if err := os.Chtimes(filepath.Join(dir, name), changed, changed); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "table.json")
	packed := base64.StdEncoding.EncodeToString([]byte(`{"m":{}}`))
	for name, test := range map[string]struct {
		args []string
		sent string // "" for nothing
	}{
		"LiteLLM's":     {nil, `{}`},
		"a URL":         {[]string{"--from", "https://example.com/t", "--dry-run"}, `{"from":"https://example.com/t","dry_run":true}`},
		"the built-in":  {[]string{"--from", "built-in", "--force"}, `{"from":"built-in","force":true}`},
		"a file":        {[]string{"--from", file}, `{"from":"` + file + `","table":"` + packed + `","as_of":"2026-11-30"}`},
		"one of a day":  {[]string{"--from", file, "--as-of", "2026-10-01", "--format", "litellm"}, `{"from":"` + file + `","table":"` + packed + `","format":"litellm","as_of":"2026-10-01"}`},
		"stdin":         {[]string{"--from", "-"}, `{"from":"-","table":"` + packed + `"}`},
		"an empty file": {[]string{"--from", filepath.Join(dir, "empty")}, ""},
		"no file":       {[]string{"--from", filepath.Join(dir, "none")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := new(notes)
			socket := fake(t, map[string]any{"POST /prices/update": n.then("update", ctl.PriceChanges{Applied: true})})
			got := run(t, func(io *command.IO, _ *command.Programs) { io.In = strings.NewReader(`{"m":{}}`) }, append([]string{"price", "update", "--socket", socket}, test.args...)...)
			if sent := strings.TrimPrefix(n.String(), "update "); sent != test.sent || (got.code == 0) != (test.sent != "") {
				t.Errorf("%+v; the daemon was sent %s", got, sent)
			}
		})
	}
}
