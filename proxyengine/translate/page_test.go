package translate_test

import (
	"os"
	"strings"
	"testing"
)

// TestThePageForOperatorsHasWhatIsLeftOut: the table in the package's comment is the one in docs/translation.md.
func TestThePageForOperatorsHasWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	page, rows := read("../../docs/translation.md"), 0
	for line := range strings.Lines(read("doc.go")) {
		row, ok := strings.CutPrefix(line, "//\t")
		if !ok {
			continue
		}
		rows++
		if !strings.Contains(page, "\n    "+row) {
			t.Errorf("docs/translation.md lacks: %s", row)
		}
	}
	if rows < 30 {
		t.Errorf("only %d rows were found", rows)
	}
}
