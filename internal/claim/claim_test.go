package claim_test

import (
	"errors"
	"path/filepath"
	"testing"

	"crs/internal/claim"
)

func TestAFileIsTakenOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crs.lock")
	c, err := claim.Take(path)
	if err != nil {
		t.Fatal(err)
	}
	var taken *claim.Taken
	if _, err := claim.Take(path); !errors.As(err, &taken) {
		t.Errorf("taken twice: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := claim.Take(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}
