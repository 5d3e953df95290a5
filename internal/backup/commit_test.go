package backup

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestRestoringIsFinishedFromWhereverItWasInterrupted makes every state that a kill can leave between two moves of files.
func TestRestoringIsFinishedFromWhereverItWasInterrupted(t *testing.T) {
	t.Parallel()
	moves := [][2]string{
		{"ledger", "B/ledger"}, {".restore/ledger", "ledger"}, {"seal.key", "B/seal.key"}, {".restore/seal.key", "seal.key"},
		{"store.json", "B/store.json"}, {".restore/store.json", "store.json"},
		{"crs.db-wal", "B/crs.db-wal"}, {"crs.db", "B/crs.db"}, {".restore/crs.db", "crs.db"},
	}
	for done := range len(moves) + 1 {
		t.Run(fmt.Sprint(done), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, name := range []string{"ledger/1.log", "seal.key", "store.json", "crs.db", "crs.db-wal"} {
				put(t, filepath.Join(dir, name), "new")
			}
			for _, name := range []string{"ledger/1.log", "seal.key", "store.json", "crs.db"} {
				put(t, filepath.Join(dir, ".restore", name), "old")
			}
			put(t, filepath.Join(dir, commitFile), `{"before":"B","ledger":true}`)
			if err := os.Mkdir(filepath.Join(dir, "B"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, m := range moves[:done] {
				if err := os.Rename(filepath.Join(dir, m[0]), filepath.Join(dir, m[1])); err != nil {
					t.Fatal(err)
				}
			}
			if err := Finish(dir); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"ledger/1.log", "seal.key", "store.json", "crs.db"} {
				if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != "old" {
					t.Errorf("%s: %q, %v", name, text, err)
				}
				if text, err := os.ReadFile(filepath.Join(dir, "B", name)); err != nil || string(text) != "new" {
					t.Errorf("before, %s: %q, %v", name, text, err)
				}
			}
			for _, name := range []string{"crs.db-wal", ".restore", commitFile} {
				if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
					t.Errorf("%s is still there", name)
				}
			}
		})
	}
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
