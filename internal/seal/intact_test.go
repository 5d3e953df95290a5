package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/internal/seal"
)

// TestAKeyFileThatChangesIsNoticed, whatever becomes of it, and the key can be saved beside it and put back.
func TestAKeyFileThatChangesIsNoticed(t *testing.T) {
	t.Parallel()
	other := strings.Repeat("0123456789abcdef", 4) + "\n"
	for name, c := range map[string]struct {
		harm func(path string) error
		says string
	}{
		"removed":     {os.Remove, "was removed"},
		"emptied":     {func(path string) error { return os.Truncate(path, 0) }, "does not hold a key"},
		"cut":         {func(path string) error { return os.Truncate(path, 20) }, "does not hold a key"},
		"overwritten": {func(path string) error { return os.WriteFile(path, []byte(other), 0o600) }, "was overwritten"},
		"a directory": {func(path string) error { _ = os.Remove(path); return os.Mkdir(path, 0o700) }, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, seal.KeyFile)
			s := open(t, dir)
			if err := s.Intact(); err != nil {
				t.Fatal(err)
			}
			if err := c.harm(path); err != nil {
				t.Fatal(err)
			}
			if err := s.Intact(); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "0123") {
				t.Errorf("it says %v", err)
			}
			saved, err := s.Rescue(time.Now())
			if err != nil {
				t.Fatal(err)
			}
			_, err = seal.Open(dir, seal.Options{MustExist: true})
			if err == nil {
				err = open(t, dir).Check(s.Fingerprint())
			}
			if name != "a directory" && (err == nil || !strings.Contains(err.Error(), saved)) {
				t.Errorf("a start says %v", err)
			}
			_ = os.Remove(path)
			if err := os.Rename(saved, path); err != nil {
				t.Fatal(err)
			}
			if err := s.Intact(); err != nil {
				t.Errorf("when it is back: %v", err)
			}
		})
	}
}

func TestTheFingerprintOfAText(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	if got, err := seal.FingerprintOf(read(t, filepath.Join(dir, seal.KeyFile)), "x"); err != nil || got != s.Fingerprint() {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := seal.FingerprintOf([]byte("0123"), "x"); err == nil || got != "" || strings.Contains(err.Error(), "0123") {
		t.Errorf("%q, %v", got, err)
	}
}
