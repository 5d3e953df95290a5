// Package archtest checks that the code keeps the shape that docs/architecture.md describes. Each failure says why the rule is there.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// file is a Go file of the project.
type file struct {
	path    string // from the root, with slashes
	dir     string
	test    bool
	imports []string
	tree    *ast.File
	set     *token.FileSet
}

// project gives every Go file, parsed. Tests share them, and change nothing.
func project(t *testing.T) []file {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Fatalf("only %d files were found: the test looks in the wrong place", len(all))
	}
	return all
}

var parsed = sync.OnceValues(func() (all []file, err error) {
	const root = "../.."
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != root || d.Name() == "testdata" || d.Name() == "dist") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parse(name, filepath.ToSlash(strings.TrimPrefix(name, root+"/")))
		all = append(all, f)
		return err
	})
	return all, err
})

func parse(name, rel string) (file, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, nil, parser.ParseComments)
	if err != nil {
		return file{}, err
	}
	f := file{path: rel, dir: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), tree: tree, set: set}
	for _, i := range tree.Imports {
		f.imports = append(f.imports, strings.Trim(i.Path.Value, `"`))
	}
	return f, nil
}

// under reports whether dir is root or below it.
func under(dir string, roots ...string) bool {
	for _, r := range roots {
		if dir == r || strings.HasPrefix(dir, r+"/") {
			return true
		}
	}
	return false
}

func TestEveryDependencyHasOneDoor(t *testing.T) {
	t.Parallel()
	doors := []struct {
		module string
		doors  []string
		except []string // below the doors
		why    string
	}{
		{"github.com/valyala/fasthttp", []string{"proxyengine", "lab/simulator", "lab/bench"}, []string{"proxyengine/provider", "proxyengine/protocol", "proxyengine/translate"}, "no fasthttp type leaves the engine, so that providers are tested as functions"},
		{"github.com/redis/go-redis", []string{"internal/store/redis", "lab/redistest"}, nil, "the store's interface is operations, not commands"},
		{"github.com/spf13/cobra", []string{"ctl/cli"}, nil, "commands are one front end among others"},
		{"github.com/jedib0t/go-pretty", []string{"ctl/cli/command"}, nil, "tables are the command line's business"},
		{"github.com/schollz/progressbar", []string{"ctl/cli/command"}, nil, "progress is shown to people, by what they called"},
		{"github.com/charmbracelet", []string{"tui"}, nil, "a move to another version must be one folder's work"},
		{"github.com/kardianos/service", []string{"daemon"}, nil, "only the process knows that it is a service"},
		{"golang.org/x/crypto/acme", []string{"daemon/certificate"}, nil, "how clients are served is one folder's business"},
		{"github.com/coreos/go-systemd", []string{"daemon"}, nil, "only the process knows that it is a service"},
		{"github.com/pelletier/go-toml", []string{"internal/config"}, nil, "the rest takes a plain Config"},
		{"golang.org/x/crypto/x509roots", []string{"daemon/checkup"}, nil, "requests trust what the system trusts; only the checkup asks what browsers would"},
		{"filippo.io/age", []string{"internal/backup"}, nil, "only backups are encrypted with a passphrase"},
		{"aead.dev/minisign", []string{"internal/release"}, nil, "what is signed is a release, and nothing else is"},
		{"github.com/KimMachineGun/automemlimit", []string{"daemon"}, nil, "how much memory there is, is the process's business"},
		{"github.com/prometheus", []string{"daemon/metrics"}, nil, "the rest tells what happened, and does not know who counts it"},
		{"modernc.org/sqlite", []string{"internal/store/local"}, nil, "the store's interface is operations, not SQL"},
	}
	for _, f := range project(t) {
		for _, d := range doors {
			for _, i := range f.imports {
				if under(i, d.module) && (!under(f.dir, d.doors...) || under(f.dir, d.except...)) {
					t.Errorf("%s imports %s; only %v may: %s", f.path, i, d.doors, d.why)
				}
			}
		}
	}
}

func TestArrowsPointOneWay(t *testing.T) {
	t.Parallel()
	rules := []struct {
		from   []string
		to     []string
		except []string // dirs below from, and imports below to
		why    string
	}{
		{[]string{"ctl/cli", "tui"}, []string{"crs/daemon", "crs/proxyengine", "crs/internal"}, []string{"crs/internal/config", "crs/internal/secret", "crs/internal/release"}, "front ends see a daemon only through ctl, so that the contract is enough for everybody"},
		{[]string{"ctl/cli/command"}, []string{"crs/ctl/cli/remote", "crs/ctl/cli/local"}, nil, "what every command has knows no command"},
		{[]string{"ctl/cli/remote"}, []string{"crs/ctl/cli/local"}, nil, "what asks a daemon needs nothing of the machine that it is asked from"},
		{[]string{"internal"}, []string{"crs/daemon", "crs/proxyengine", "crs/ctl", "crs/tui"}, nil, "the domain knows nothing of how it is served"},
		{[]string{"internal", "proxyengine", "daemon", "ctl", "tui"}, []string{"crs/lab"}, nil, "what is for trying things out stands above everything, and nothing that serves needs it"},
		{[]string{"proxyengine"}, []string{"crs/daemon", "crs/ctl", "crs/tui", "crs/internal/store"}, nil, "the engine is given what it works with"},
		{[]string{"daemon/admin"}, []string{"net/http", "github.com/valyala/fasthttp", "crs/daemon/control"}, nil, "what an operator can do is the same however the call has come: over the socket today, from a console later"},
		{[]string{"daemon/admin", "daemon/control"}, []string{"crs/internal/store/local", "crs/internal/store/redis"}, nil, "neither cares where things are stored"},
		{[]string{"internal/account", "internal/key", "internal/limit", "internal/usage", "internal/pricing", "internal/oauth", "internal/event", "internal/model", "internal/audit"}, []string{"net/http", "log", "log/slog", "os/exec"}, nil, "domain nouns neither serve nor log: they return errors"},
	}
	for _, f := range project(t) {
		if f.test {
			continue
		}
		for _, r := range rules {
			if !under(f.dir, r.from...) || under(f.dir, r.except...) {
				continue
			}
			for _, i := range f.imports {
				if under(i, r.to...) && !under(i, r.except...) && !under(i, "crs/"+f.dir) {
					t.Errorf("%s imports %s: %s", f.path, i, r.why)
				}
			}
		}
	}
}

// TestTheEngineKnowsNoProtocolAndNoProvider by name: it is given them, with what is special about each.
func TestTheEngineKnowsNoProtocolAndNoProvider(t *testing.T) {
	t.Parallel()
	for _, f := range project(t) {
		if f.test || f.dir != "proxyengine" {
			continue
		}
		for _, i := range f.imports {
			if strings.HasPrefix(i, "crs/proxyengine/protocol/") || strings.HasPrefix(i, "crs/proxyengine/provider/") {
				t.Errorf("%s imports %s: what the engine has to know of it is a row that it is given", f.path, i)
			}
		}
	}
}

func TestOnlyTheDaemonKnowsStoresAndProviders(t *testing.T) {
	t.Parallel()
	hidden := func(i string) bool {
		return under(i, "crs/internal/store/local", "crs/internal/store/redis") || strings.HasPrefix(i, "crs/proxyengine/provider/")
	}
	for _, f := range project(t) {
		if f.test || under(f.dir, "lab/bench", "lab/crstest") {
			continue
		}
		for _, i := range f.imports {
			if hidden(i) && f.dir != "daemon" && !under(i, "crs/"+f.dir) {
				t.Errorf("%s imports %s; only daemon may: a new one must be one folder and one line there", f.path, i)
			}
		}
	}
}

func TestTheContractNeedsNothingButTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, f := range project(t) {
		if f.dir != "ctl" || f.test {
			continue
		}
		for _, i := range f.imports {
			if strings.Contains(i, ".") || strings.HasPrefix(i, "crs/") {
				t.Errorf("%s imports %s: anything must be able to import ctl", f.path, i)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for _, f := range project(t) {
		if !f.test || f.dir == "internal/archtest" {
			said[f.dir] = said[f.dir] || f.tree.Doc != nil
		}
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("no file of %s says what the package is, in a comment above its package clause", dir)
		}
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	for _, f := range project(t) {
		if f.test {
			continue
		}
		for _, decl := range f.tree.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					t.Errorf("%s: %s has no comment", f.set.Position(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				undocumented(t, f, d)
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	kind := d.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	if index, ok := kind.(*ast.IndexExpr); ok {
		kind = index.X
	}
	name, ok := kind.(*ast.Ident)
	return ok && name.IsExported()
}

func undocumented(t *testing.T, f file, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
				t.Errorf("%s: %s has no comment", f.set.Position(s.Pos()), s.Name.Name)
			}
		case *ast.ValueSpec:
			if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
				t.Errorf("%s: %s has no comment", f.set.Position(s.Pos()), s.Names[0].Name)
			}
		}
	}
}

func TestFilesAndFunctionsStayReadable(t *testing.T) {
	t.Parallel()
	const mostLines, mostFunction = 400, 60
	for _, f := range project(t) {
		if f.test {
			continue
		}
		if n := f.set.File(f.tree.Pos()).LineCount(); n > mostLines {
			t.Errorf("%s has %d lines: a file has one subject, and that fits into %d", f.path, n, mostLines)
		}
		for _, decl := range f.tree.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok && d.Body != nil {
				if n := f.set.Position(d.End()).Line - f.set.Position(d.Pos()).Line + 1; n > mostFunction {
					t.Errorf("%s: %s has %d lines: a function does one thing, and that fits into %d", f.set.Position(d.Pos()), d.Name.Name, n, mostFunction)
				}
			}
		}
	}
}

func TestNothingRegistersItself(t *testing.T) {
	t.Parallel()
	for _, f := range project(t) {
		for _, decl := range f.tree.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok && d.Recv == nil && d.Name.Name == "init" {
				t.Errorf("%s: an init function: what runs is to be read in main", f.set.Position(d.Pos()))
			}
		}
	}
}

func TestPackageNamesAreNouns(t *testing.T) {
	t.Parallel()
	avoid := []string{"util", "utils", "common", "base", "helper", "helpers", "manager", "service", "data", "info", "processor", "misc", "shared", "lib"}
	for _, f := range project(t) {
		if slices.Contains(avoid, f.tree.Name.Name) {
			t.Errorf("%s: package %s says nothing about what is in it", f.path, f.tree.Name.Name)
		}
	}
}
