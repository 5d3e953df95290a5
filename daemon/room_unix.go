//go:build linux || darwin

package daemon

import "golang.org/x/sys/unix"

// roomOn is what this process may still write to the disk of a directory.
func roomOn(dir string) room {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return room{bytes: -1, files: -1}
	}
	r := room{bytes: int64(s.Bavail) * int64(s.Bsize), files: int64(s.Ffree)}
	if s.Files == 0 { // the file system has no such number
		r.files = -1
	}
	return r
}
