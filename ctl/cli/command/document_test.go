package command

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNoCellIsAFormula(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "alice": "alice", "a=1": "a=1", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", " =1": "' =1", "\t=1": "'\t=1", "\n=1": "'\n=1",
		"＝1": "'＝1", "é": "é", "\xff": "?", "'=1": "'=1",
	} {
		if got := Cell(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestADocumentIsReplacedWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "d.csv")
	for _, text := range []string{"first", "second"} {
		if err := replace(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	if i, err := os.Stat(path); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", i, err)
	}
	if err := replace(dir, []byte("x")); err == nil {
		t.Error("a directory is replaced")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v is left, %v", left, err)
	}
}
