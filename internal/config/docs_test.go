package config_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"crs/internal/config"
)

var update = flag.Bool("update", false, "write the tables of docs/configuration.md anew")

// TestTheDocumentationListsEveryOption keeps docs/configuration.md from drifting.
func TestTheDocumentationListsEveryOption(t *testing.T) {
	t.Parallel()
	const page, begin, end = "../../docs/configuration.md", "<!-- options -->\n", "<!-- end of options -->\n"
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), begin)
	have, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the options", page)
	}
	want := optionTable()
	if have == want {
		return
	}
	if !*update {
		t.Fatalf("%s is out of date; run: go test ./internal/config -run Documentation -update", page)
	}
	if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func optionTable() string {
	var s strings.Builder
	s.WriteString("\n| key | default | what it does |\n|---|---|---|\n")
	for _, o := range config.Options() {
		value := o.Default
		if value == "" {
			value = " "
		}
		fmt.Fprintf(&s, "| `%s` | `%s` | %s |\n", o.Key, value, strings.ReplaceAll(o.Doc, "|", "\\|"))
	}
	s.WriteString("\n")
	return s.String()
}
