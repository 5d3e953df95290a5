package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOnlyWhatStandsBetweenTheMarkersIsReplaced(t *testing.T) {
	t.Parallel()
	page := "# Performance\n\n" + tableBegins + "\n| old |\n\n" + tableEnds + "\nHow to run it.\n"
	want := "# Performance\n\n" + tableBegins + "\n| new |\n\n" + tableEnds + "\nHow to run it.\n"
	got, err := replaceTable(page, "| new |\n")
	if err != nil || got != want {
		t.Errorf("got %v and:\n%s", err, got)
	}
	if again, err := replaceTable(got, "| new |\n"); err != nil || again != got {
		t.Errorf("the same table again changed the page: %v and:\n%s", err, again)
	}
}

func TestAPageWithoutMarkersIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{
		"none":             "# Performance\n",
		"the first only":   tableBegins + "text\n",
		"the second only":  "text\n" + tableEnds,
		"the wrong way up": tableEnds + "text\n" + tableBegins,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "performance.md")
			if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := new(report).write(path); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("the error is %v", err)
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != page {
				t.Errorf("the page is now %q (%v)", text, err)
			}
		})
	}
}

func TestTheRealPageHasTheMarkers(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := replaceTable(string(page), "| x |\n"); err != nil {
		t.Error(err)
	}
}
