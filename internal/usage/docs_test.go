package usage_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"crs/internal/usage"
)

func ledgerPage(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/ledger.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTheDocumentationHasEveryField of a record, and no other.
func TestTheDocumentationHasEveryField(t *testing.T) {
	t.Parallel()
	page := ledgerPage(t)
	_, table, _ := strings.Cut(page, "## Records")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| (`[^|]*`) \\| (.*) \\|$").FindAllStringSubmatch(table, -1) {
		for name := range strings.SplitSeq(m[1], ", ") {
			rows[strings.Trim(name, "`")] = m[2]
		}
	}
	parts := map[string]any{"tokens": usage.Tokens{}, "attempts": usage.Attempt{}, "passed": usage.Passed{}}
	for _, name := range fieldsOf(usage.Record{}) {
		about, ok := rows[name]
		if !ok {
			t.Errorf("docs/ledger.md does not say what %s is", name)
		}
		if part := parts[name]; part != nil {
			for _, inner := range fieldsOf(part) {
				if !strings.Contains(about, "`"+inner+"`") {
					t.Errorf("docs/ledger.md does not say that %s has %s", name, inner)
				}
			}
		}
		delete(rows, name)
	}
	if len(rows) > 0 {
		t.Errorf("docs/ledger.md tells of fields that there are not: %v", rows)
	}
	for _, s := range usage.Sources() {
		if !strings.Contains(table, "`"+string(s)+"`") {
			t.Errorf("docs/ledger.md does not name the source %s", s)
		}
	}
}

// fieldsOf gives the names that a struct's fields have in JSON.
func fieldsOf(of any) (names []string) {
	for f := range reflect.TypeOf(of).Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// TestTheDocumentedSegmentIsOne: a ledger opens it, and finds the one request in it.
func TestTheDocumentedSegmentIsOne(t *testing.T) {
	t.Parallel()
	_, segment, _ := strings.Cut(ledgerPage(t), "```\n")
	segment, _, ok := strings.Cut(segment, "```\n")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "00000001.log"), []byte(segment), 0o600); err != nil || !ok {
		t.Fatal(ok, err)
	}
	sums := new(counting)
	l, found, err := usage.OpenLedger(t.Context(), usage.LedgerOptions{
		Dir: dir, Node: "n", Rollups: sums, Zone: time.UTC, Now: time.Now, Commit: time.Millisecond, AddUp: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if found.Damaged != 0 || found.Interrupted != 0 || found.Counted != 1 || sums.requests != 1 {
		t.Errorf("%+v, %d counted", found, sums.requests)
	}
}
