package archtest

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// page reads a document.
func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestWhatPagesForContributorsNameIsThere: a page that is not checked rots.
func TestWhatPagesForContributorsNameIsThere(t *testing.T) {
	t.Parallel()
	all := declared(t)
	for name, least := range map[string]int{
		"docs/contributing.md": 40, "docs/architecture.md": 40, "docs/glossary.md": 40, "docs/ledger.md": 1, "docs/protocols.md": 5, "docs/redis.md": 1,
	} {
		named := regexp.MustCompile("`([a-z.]+[0-9a-z]*/[a-z0-9_./]+|ctl|proxyengine|tui)`(?: `([A-Za-z]+)`)?").FindAllStringSubmatch(page(t, name), -1)
		if len(named) < least {
			t.Errorf("%s: only %d paths are named", name, len(named))
		}
		for _, n := range named {
			where, what := strings.TrimSuffix(n[1], "/"), n[2]
			if where == "ledger" || !ours(where) {
				continue
			}
			if _, err := os.Stat("../../" + where); err != nil {
				t.Errorf("%s names %s, which is not there", name, where)
			} else if what != "" && !all[where][what] {
				t.Errorf("%s says that %s declares %s; it does not", name, where, what)
			}
		}
	}
}

// ours reports whether something that looks like a path is one of the project's, rather than one of a provider or a client.
func ours(path string) bool {
	entries, _ := os.ReadDir("../..")
	first, _, _ := strings.Cut(path, "/")
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == first })
}

// declared gives the names that each file and each folder declares, methods among them.
func declared(t *testing.T) map[string]map[string]bool {
	t.Helper()
	all := map[string]map[string]bool{}
	for _, f := range project(t) {
		for _, where := range []string{f.path, f.dir} {
			if all[where] == nil {
				all[where] = map[string]bool{}
			}
			for _, name := range namesOf(f.tree) {
				all[where][name] = true
			}
		}
	}
	return all
}

func namesOf(tree *ast.File) (names []string) {
	for _, decl := range tree.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok {
					names = append(names, s.Name.Name)
				}
			}
		}
	}
	return names
}

// TestEveryCitedPageAndSectionIsThere: who reads a comment must be able to read on.
func TestEveryCitedPageAndSectionIsThere(t *testing.T) {
	t.Parallel()
	sections, cited := headings(page(t, "docs/protocols.md")), 0
	pages := regexp.MustCompile(`[\w./-]*\.md\b`)
	for _, f := range project(t) {
		for _, group := range f.tree.Comments {
			text := strings.Join(strings.Fields(group.Text()), " ")
			if !strings.Contains(text, ".md") {
				continue
			}
			for _, name := range pages.FindAllString(text, -1) {
				if !anyExists(name, "docs/"+name, path.Join(f.dir, name)) {
					t.Errorf("%s cites %s, which is not there", f.set.Position(group.Pos()), name)
				}
			}
			for _, s := range citedSections(text) {
				if cited++; !sections[s] {
					t.Errorf("%s cites docs/protocols.md, %s, which is not there", f.set.Position(group.Pos()), s)
				}
			}
		}
	}
	if cited < 60 {
		t.Errorf("only %d citations were found", cited)
	}
}

// headings gives the letters and numbers that a page's headings begin with.
func headings(page string) map[string]bool {
	all := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^##+ ([A-Z](?:\.\d+)?)\.? `).FindAllStringSubmatch(page, -1) {
		all[m[1]] = true
	}
	return all
}

// citedSections gives what follows the page's name: A.10; D.1, D.3 and I.4; A.8 to A.10.
func citedSections(text string) (all []string) {
	const one = `[A-Z](?:\.\d+)?\b`
	for _, list := range regexp.MustCompile(`protocols\.md,? (?:section )?(`+one+`(?:(?:, | and | to )`+one+`)*)`).FindAllStringSubmatch(text, -1) {
		all = append(all, regexp.MustCompile(one).FindAllString(list[1], -1)...)
	}
	return all
}

func anyExists(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, err := os.Stat("../../" + name)
		return err == nil
	})
}

// TestLinksBetweenPagesLeadSomewhere: and every page can be reached from the README.
func TestLinksBetweenPagesLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatal(len(pages), err)
	}
	linked := map[string]bool{}
	for _, p := range append(pages, "../../README.md") {
		from := strings.TrimPrefix(filepath.ToSlash(p), "../../")
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(page(t, from), -1) {
			to := path.Join(path.Dir(from), m[1])
			linked[to] = true
			if !anyExists(to) {
				t.Errorf("%s links to %s, which is not there", from, to)
			}
		}
	}
	for _, p := range pages {
		if name := strings.TrimPrefix(filepath.ToSlash(p), "../../"); !linked[name] {
			t.Errorf("no page links to %s", name)
		}
	}
}
