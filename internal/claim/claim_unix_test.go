//go:build unix

package claim_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"crs/internal/claim"
)

func TestAClaimLastsUntilTheLastProcessClosesIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crs.lock")
	c, err := claim.Take(path)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Dup(int(c.File().Fd())) // what an inherited descriptor is
	if err != nil {
		t.Fatal(err)
	}
	heir := claim.Inherit(os.NewFile(uintptr(fd), path))
	_ = c.Close()
	if _, err := claim.Take(path); err == nil {
		t.Error("the claim ended with the first process")
	}
	_ = heir.Close()
	last, err := claim.Take(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = last.Close()
}
