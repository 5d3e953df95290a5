package remote

import (
	"os"
	"strings"
	"testing"

	"crs/ctl"
	"crs/daemon"
)

// TestTheDocumentationSaysWhatEnvPrints keeps docs/clients.md from drifting.
func TestTheDocumentationSaysWhatEnvPrints(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(b), "\n    ", "\n")
	const at = "http://127.0.0.1:3000"
	catalogue := daemon.Catalogue()
	for i := range catalogue.Clients {
		c := catalogue.Clients[i].Filled(at, placeholder)
		var shell strings.Builder
		for _, v := range c.Variables {
			shell.WriteString("export " + v.Name + "=" + v.Value + "\n")
		}
		if len(c.Unset) > 0 {
			shell.WriteString("unset " + strings.Join(c.Unset, " ") + "\n")
		}
		want := []string{"`" + c.Name + "`", shell.String()}
		if c.File != nil {
			want = append(want, "`"+c.File.Path+"`", c.File.Content)
		}
		for _, part := range want {
			if !strings.Contains(page, part) {
				t.Errorf("docs/clients.md does not say of %s:\n%s", c.Name, part)
			}
		}
	}
	for _, p := range catalogue.Platforms {
		if !strings.Contains(page, "`"+p.Name+"`") || p.File != "" && !strings.Contains(page, "| `"+p.Name+"` | `"+p.File+"` |") {
			t.Errorf("docs/clients.md does not say what platform %s is for, or what is imported for it", p.Name)
		}
		if p.Can(ctl.ByBrowser, ctl.ByDevice) && !strings.Contains(page, "crs account login "+p.Name+" ") {
			t.Errorf("docs/clients.md does not say how platform %s is logged into", p.Name)
		}
	}
}
