package archtest

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"

	"crs/daemon"
)

// TestFrontEndsNameNoPlatformAndNoClient: they loop over the catalogue, so that a new one needs no line there.
func TestFrontEndsNameNoPlatformAndNoClient(t *testing.T) {
	t.Parallel()
	c := daemon.Catalogue()
	var names []string
	for _, p := range c.Platforms {
		names = append(names, p.Name)
	}
	for _, p := range c.Clients {
		names = append(append(names, p.Name, p.Client), p.Aliases...)
	}
	if len(names) < 12 {
		t.Fatalf("only %v are in the catalogue", names)
	}
	for _, f := range project(t) {
		if f.test || !under(f.dir, "ctl", "tui") {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			for _, word := range wordsOf(lit.Value) {
				if slices.Contains(names, word) {
					t.Errorf("%s: %s is named: it stands in the catalogue", f.set.Position(lit.Pos()), word)
				}
			}
			return true
		})
	}
}

// wordsOf takes a text apart into what could be names: claude-opus-4-8 is one, and not that of a platform.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}
