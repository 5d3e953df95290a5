package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryCommandHasItsPage(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir := t.TempDir()
	if err := run([]string{dir, "1.2.3"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"crs.1": "crs 1.2.3", "crs-key-create.1": "--daily-cost", "crs-install.1": "sudo crs install"} {
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(page), want) {
			t.Errorf("%s does not say %q: %v", name, want, err)
		}
		if !strings.Contains(string(page), "Nov 2023") {
			t.Errorf("%s has another date", name)
		}
	}
	if err := run(nil); err == nil || !strings.Contains(err.Error(), "usage") {
		t.Errorf("%v", err)
	}
}
