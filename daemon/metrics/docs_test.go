package metrics_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"crs/daemon/metrics"
	"crs/proxyengine"
)

var update = flag.Bool("update", false, "write the tables of docs/metrics.md anew")

// TestTheDocumentationListsEveryMetric keeps docs/metrics.md from drifting.
func TestTheDocumentationListsEveryMetric(t *testing.T) {
	t.Parallel()
	const page = "../../docs/metrics.md"
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := between(t, string(b), "metrics", metricTable())
	want = between(t, want, "reasons", reasonTable())
	if want == string(b) {
		return
	}
	if !*update {
		t.Fatalf("%s is out of date; run: go test ./daemon/metrics -run Documentation -update", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// between puts text between the marks of a part of a page.
func between(t *testing.T, page, part, text string) string {
	t.Helper()
	begin, end := "<!-- "+part+" -->\n", "<!-- end of "+part+" -->\n"
	before, rest, ok := strings.Cut(page, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("the page has no place for the %s", part)
	}
	return before + begin + text + end + after
}

func metricTable() string {
	var s strings.Builder
	s.WriteString("\n| metric | type | labels | what it is |\n|---|---|---|---|\n")
	for _, f := range metrics.Families() {
		labels := " "
		if len(f.Labels) > 0 {
			labels = "`" + strings.Join(f.Labels, "` `") + "`"
		}
		fmt.Fprintf(&s, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, labels, f.Help)
	}
	s.WriteString("\n")
	return s.String()
}

func reasonTable() string {
	reasons := proxyengine.Refusals()
	slices.Sort(reasons)
	return "\nReasons: `" + strings.Join(reasons, "` · `") + "`.\n\n"
}
