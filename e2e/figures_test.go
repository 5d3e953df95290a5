//go:build e2e && bench && linux

package e2e

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// figures are what was measured, as docs/performance.md has it.
type figures struct {
	extent
	rows []string
	note string
}

func (f *figures) add(what, measured, budget string, within bool) {
	verdict := "over"
	switch {
	case f.rounds < 10: // it shows that it can be measured, no more
		verdict = "too few rounds to tell"
	case within:
		verdict = "within"
	}
	f.rows = append(f.rows, fmt.Sprintf("| %s | %s | %s | %s |", what, measured, budget, verdict))
}

// The lines that the table stands between.
const (
	tableBegins = "<!-- measured: make bench-dashboard writes what follows -->\n"
	tableEnds   = "<!-- end of what make bench-dashboard wrote -->\n"
)

// write tells the figures, and puts them into the page that CRS_TEST_WRITE names.
func (f *figures) write(t *testing.T) {
	t.Helper()
	table := "| work | measured | budget | verdict |\n|---|---|---|---|\n" + strings.Join(f.rows, "\n") +
		fmt.Sprintf("\n\n%s: %d cores, %s. %s\n", time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.Version(), f.note)
	t.Log("\n" + table)
	path := os.Getenv("CRS_TEST_WRITE")
	if path == "" {
		return
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(page), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", path)
	}
	if err := os.WriteFile(path, []byte(before+tableBegins+"\n"+table+"\n"+tableEnds+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
