package daemon

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestEveryProviderPassesTheSuite: a provider in the list runs the suite that all must pass. What the suite finds is told
// in the provider's own folder.
func TestEveryProviderPassesTheSuite(t *testing.T) {
	t.Parallel()
	all, err := providers(nil, time.Now)
	if err != nil || len(all) < 5 {
		t.Fatalf("%d providers, %v", len(all), err)
	}
	for _, p := range all {
		path := strings.TrimPrefix(reflect.TypeOf(p).Elem().PkgPath(), "crs/")
		if !runsSuite(t, filepath.Join("..", path)) {
			t.Errorf("%s is a provider, and no test in its folder calls providertest.Run", path)
		}
	}
	folders, err := os.ReadDir("../proxyengine/provider")
	if err != nil {
		t.Fatal(err)
	}
	listed := 0
	for _, f := range folders {
		if f.IsDir() && f.Name() != "providertest" {
			listed++
		}
	}
	if listed != len(all) {
		t.Errorf("%d folders in proxyengine/provider, %d providers in the list", listed, len(all))
	}
}

// runsSuite looks for the call in a folder's tests, within a function that go test runs.
func runsSuite(t *testing.T, folder string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") && calls(f, "providertest", "Run") {
				return true
			}
		}
	}
	return false
}

func calls(f *ast.FuncDecl, pkg, name string) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			x, ok := s.X.(*ast.Ident)
			found = found || ok && x.Name == pkg && s.Sel.Name == name
		}
		return !found
	})
	return found
}
