//go:build linux

// Package smalldisk gives a test a real disk that is small, and can be filled and emptied.
package smalldisk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Disk is a file system of its own.
type Disk struct {
	Dir string
	t   testing.TB
}

// Mount makes a disk of so many bytes, which goes when the test ends. It skips the test where that is not permitted.
func Mount(t testing.TB, size int) *Disk {
	t.Helper()
	dir, err := os.MkdirTemp("", "disk")
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", size)); err != nil {
		_ = os.Remove(dir)
		t.Skipf("a disk of its own cannot be mounted here (it takes root): %v", err)
	}
	t.Cleanup(func() {
		_ = syscall.Unmount(dir, syscall.MNT_DETACH)
		_ = os.Remove(dir)
	})
	return &Disk{Dir: dir, t: t}
}

// filler takes what room there is.
func (d *Disk) filler() string { return filepath.Join(d.Dir, "filler") }

// Fill leaves no room: what is written ends with the page that a file has begun.
func (d *Disk) Fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	page := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(page)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatal(err)
	}
	_ = f.Close()
}

// Free makes room again.
func (d *Disk) Free() {
	d.t.Helper()
	if err := os.Remove(d.filler()); err != nil {
		d.t.Fatal(err)
	}
}
