package archtest

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// TestTheReadmesTreeIsTheTree: a map that is not checked rots.
func TestTheReadmesTreeIsTheTree(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tree, _ := strings.Cut(string(b), "## Where things are")
	shown := map[string]bool{}
	for line := range strings.Lines(tree) {
		line, _, _ = strings.Cut(line, "  ") // what follows is words
		base := ""
		for i, dir := range regexp.MustCompile(`^[a-z0-9/]+/|\s[a-z0-9]+/`).FindAllString(line, -1) {
			dir = strings.TrimSuffix(strings.TrimSpace(dir), "/")
			if i == 0 {
				base = path.Dir(dir)
			} else {
				dir = base + "/" + dir
			}
			if _, err := os.Stat("../../" + dir); err != nil {
				t.Errorf("the README shows %s, which is not there", dir)
			}
			shown[dir] = true
		}
	}
	for _, f := range project(t) {
		for dir := f.dir; !shown[dir]; dir = path.Dir(dir) {
			if !strings.Contains(dir, "/") {
				t.Errorf("the README does not show %s", f.dir)
				break
			}
		}
	}
}
