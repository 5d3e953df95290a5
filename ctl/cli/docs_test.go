package cli

import (
	"os"
	"strings"
	"testing"
)

// TestTheDocumentationSaysWhatEnvPrints keeps docs/clients.md from drifting.
func TestTheDocumentationSaysWhatEnvPrints(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(b), "\n    ", "\n")
	const at = "http://127.0.0.1:3000"
	for _, c := range clients() {
		var shell strings.Builder
		for _, v := range c.env(at, placeholder) {
			shell.WriteString("export " + v.name + "=" + v.value + "\n")
		}
		if len(c.unset) > 0 {
			shell.WriteString("unset " + strings.Join(c.unset, " ") + "\n")
		}
		want := []string{"`" + c.name + "`", shell.String()}
		if c.path != "" {
			want = append(want, "`"+c.path+"`", c.text(at))
		}
		for _, part := range want {
			if !strings.Contains(page, part) {
				t.Errorf("docs/clients.md does not say of %s:\n%s", c.name, part)
			}
		}
	}
	for _, p := range platforms() {
		if !strings.Contains(page, "`"+p.name+"`") || p.saved != "" && !strings.Contains(page, "| `"+p.name+"` | `"+p.saved+"` |") {
			t.Errorf("docs/clients.md does not say what platform %s is for, or what is imported for it", p.name)
		}
		if p.login && !strings.Contains(page, "crs account login "+p.name+" ") {
			t.Errorf("docs/clients.md does not say how platform %s is logged into", p.name)
		}
	}
}
