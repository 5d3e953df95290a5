//go:build linux

package smalldisk

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// MountHanging makes a disk of so many bytes that can hang: an ext4 in a file. It needs mkfs.ext4, and skips the test where mounting is
// not permitted.
func MountHanging(t testing.TB, size int64) *Disk {
	t.Helper()
	at := t.TempDir()
	image, dir := filepath.Join(at, "image"), filepath.Join(at, "disk")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, size); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4, of the package e2fsprogs: %v: %s", err, out)
	}
	if out, err := exec.Command("mount", "-o", "loop", image, dir).CombinedOutput(); err != nil {
		t.Skipf("a disk of its own cannot be mounted here (it takes root): %v: %s", err, out)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return &Disk{Dir: dir, t: t}
}

// What the kernel does for fsfreeze(8): see FIFREEZE and FITHAW in linux/fs.h.
const (
	freeze = 0xC0045877
	thaw   = 0xC0045878
)

// Hang has the disk give no answer to whoever writes to it, until wake, which may be called again. The test's end wakes it too.
func (d *Disk) Hang() (wake func()) {
	d.t.Helper()
	f, err := os.Open(d.Dir)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := unix.IoctlSetInt(int(f.Fd()), freeze, 0); err != nil {
		d.t.Fatalf("freeze the disk: %v", err)
	}
	wake = func() { _ = unix.IoctlSetInt(int(f.Fd()), thaw, 0) }
	d.t.Cleanup(func() {
		wake()
		_ = f.Close()
	})
	return wake
}
