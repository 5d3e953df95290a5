package archtest

import (
	"go/ast"
	"go/token"
	"testing"
)

// TestListsOfWordsHaveEveryWord: metrics have a label for each word, and a word that is in no list would come as a surprise.
func TestListsOfWordsHaveEveryWord(t *testing.T) {
	t.Parallel()
	all := project(t)
	for _, c := range []struct{ dir, kind, list string }{
		{"internal/key", "Reason", "Reasons"},
		{"internal/account", "Result", "Results"},
		{"internal/account", "State", "States"},
	} {
		words, listed := map[string]bool{}, map[string]bool{}
		for _, f := range all {
			if f.dir == c.dir && !f.test {
				collect(f.tree, c.kind, c.list, words, listed)
			}
		}
		if len(words) < 3 {
			t.Errorf("%s: only %d constants of type %s were found: the test looks in the wrong place", c.dir, len(words), c.kind)
		}
		for w := range words {
			if !listed[w] {
				t.Errorf("%s: %s is not in %s", c.dir, w, c.list)
			}
		}
	}
}

// collect finds the constants of a type, and the names in what a function returns.
func collect(tree *ast.File, kind, list string, words, listed map[string]bool) {
	for _, decl := range tree.Decls {
		switch d := decl.(type) {
		case *ast.GenDecl:
			if d.Tok == token.CONST {
				constants(d, kind, words)
			}
		case *ast.FuncDecl:
			if d.Name.Name == list && d.Recv == nil {
				ast.Inspect(d.Body, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok {
						listed[id.Name] = true
					}
					return true
				})
			}
		}
	}
}

// constants also takes those that go on counting under one with the type.
func constants(d *ast.GenDecl, kind string, words map[string]bool) {
	counting := false
	for _, spec := range d.Specs {
		s := spec.(*ast.ValueSpec)
		id, typed := s.Type.(*ast.Ident)
		if typed {
			counting = id.Name == kind
		} else if len(s.Values) > 0 {
			counting = false
		}
		if counting && s.Names[0].Name != "_" {
			words[s.Names[0].Name] = true
		}
	}
}
