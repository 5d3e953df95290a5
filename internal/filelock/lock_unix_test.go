//go:build unix

package filelock_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"crs/internal/filelock"
)

// TestALinkIsNotFollowed, to a file that is there or to one that would be made.
func TestALinkIsNotFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	there, missing := filepath.Join(dir, "there"), filepath.Join(dir, "missing")
	if err := os.WriteFile(there, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{there, missing} {
		link := to + ".lock"
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
		if c, err := filelock.Take(link); err == nil || !strings.Contains(err.Error(), "symbolic link") {
			t.Errorf("%s: %v, %v", link, c, err)
		}
	}
	if _, err := os.Lstat(missing); err == nil {
		t.Error("a file was made at the end of a link")
	}
	if _, err := filelock.Take(dir); err == nil {
		t.Error("a directory was taken")
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := filelock.Take(filepath.Join(dir, "pipe")); err == nil {
		t.Error("a pipe was taken")
	}
}

func TestAClaimLastsUntilTheLastProcessClosesIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crs.lock")
	c, err := filelock.Take(path)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Dup(int(c.File().Fd())) // what an inherited descriptor is
	if err != nil {
		t.Fatal(err)
	}
	successor := filelock.Inherit(os.NewFile(uintptr(fd), path))
	_ = c.Close()
	if _, err := filelock.Take(path); err == nil {
		t.Error("the lock ended with the first process")
	}
	_ = successor.Close()
	last, err := filelock.Take(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = last.Close()
}

// TestAClaimEndsWhileAProgramStarts: it has the file open for a moment, and must not keep it from whoever comes next.
func TestAClaimEndsWhileAProgramStarts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crs.lock")
	c, err := filelock.Take(path)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := c.Copy()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(fd) }()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	next, err := filelock.Take(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = next.Close()
}
