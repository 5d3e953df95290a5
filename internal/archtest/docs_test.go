package archtest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestWhereAChangeGoesIsThere: the page names files, and a page that is not checked rots.
func TestWhereAChangeGoesIsThere(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/contributing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Where a change goes")
	paths := regexp.MustCompile("`([a-z_]+/[a-z_./]+)`").FindAllStringSubmatch(table, -1)
	if len(paths) < 20 {
		t.Fatalf("only %d paths are named", len(paths))
	}
	for _, p := range paths {
		if _, err := os.Stat("../../" + p[1]); err != nil {
			t.Errorf("docs/contributing.md names %s, which is not there", p[1])
		}
	}
}
