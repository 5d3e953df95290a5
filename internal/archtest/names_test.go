package archtest

import (
	"go/ast"
	"go/token"
	"regexp"
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

// TestFrontEndsNameNoLimit: they loop over the rows that a daemon tells and over the catalogue, so that a new one needs no line there.
// What a command's examples say is said to people.
func TestFrontEndsNameNoLimit(t *testing.T) {
	t.Parallel()
	words, said := limitWords(t)
	members := []string{
		"DailyCost", "WeeklyCost", "TotalCost", "RequestsPerMinute", "TokensPerMinute", "DayCost", "WeekCost", "RequestsInMinute", "TokensInMinute",
	}
	for _, f := range project(t) {
		if f.test || !under(f.dir, "ctl", "tui") || f.path == "ctl/limit.go" {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				return !isExample(n)
			case *ast.Ident:
				if slices.Contains(members, n.Name) {
					t.Errorf("%s: %s is for ctl/limit.go only: front ends loop over rows", f.set.Position(n.Pos()), n.Name)
				}
			case *ast.BasicLit:
				if n.Kind == token.STRING && namesLimit(n.Value, words, said) {
					t.Errorf("%s: %s names a limit: it stands in the catalogue", f.set.Position(n.Pos()), n.Value)
				}
			}
			return true
		})
	}
}

// limitWords are the words for limits that have a field of their own, and what finds those that are said by what they count.
func limitWords(t *testing.T) ([]string, *regexp.Regexp) {
	c := daemon.Catalogue()
	var words []string
	for _, n := range c.NamedLimits {
		words = append(words, n.Field)
		for _, f := range c.KeyFields {
			if f.Name == n.Field {
				words = append(words, f.Flag)
			}
		}
	}
	if len(words) < 10 || len(c.LimitUnits) < 4 || len(c.LimitWindows) < 5 {
		t.Fatalf("only %v, and %v in %v, are in the catalogue", words, c.LimitUnits, c.LimitWindows)
	}
	return words, regexp.MustCompile(`\b(` + strings.Join(c.LimitUnits, "|") + `)/(` + strings.Join(c.LimitWindows, "|") + `|[0-9]+[smhdw])`)
}

func namesLimit(text string, words []string, said *regexp.Regexp) bool {
	return said.MatchString(text) || slices.ContainsFunc(wordsOf(text), func(w string) bool { return slices.Contains(words, strings.TrimLeft(w, "-")) })
}

// isExample reports whether it is the examples of a command.
func isExample(n *ast.KeyValueExpr) bool {
	key, ok := n.Key.(*ast.Ident)
	return ok && key.Name == "Example"
}

// TestALimitIsFoundWhereItIsNamed: that nothing is found would say little otherwise.
func TestALimitIsFoundWhereItIsNamed(t *testing.T) {
	t.Parallel()
	words, said := limitWords(t)
	for text, want := range map[string]bool{
		`"cost/month"`: true, `"requests/5h=300"`: true, `"such as images/total"`: true, `"rpm"`: true, `"give --daily-cost"`: true, "`json:\"weekly_cost_usd\"`": true,
		`"UNIT/WINDOW=N"`: false, `"requests"`: false, `"crpm"`: false, `"cost/"`: false, `"usage/day"`: false, `"tokens a minute"`: false,
	} {
		if namesLimit(text, words, said) != want {
			t.Errorf("%s: %t", text, !want)
		}
	}
}

// wordsOf takes a text apart into what could be names: claude-opus-4-8 is one, and not that of a platform.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}
