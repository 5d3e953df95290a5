package filelock_test

import (
	"errors"
	"path/filepath"
	"testing"

	"crs/internal/filelock"
)

func TestAFileIsTakenOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crs.lock")
	c, err := filelock.Take(path)
	if err != nil {
		t.Fatal(err)
	}
	var taken *filelock.Taken
	if _, err := filelock.Take(path); !errors.As(err, &taken) {
		t.Errorf("taken twice: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := filelock.Take(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}
