//go:build unix

package backup

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"crs/internal/errs"
)

// own gives everything below root to dir's owner: root may restore what a daemon with a user of its own must read.
func own(root, dir string) error {
	uid, gid, ok := ownerOf(dir)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
	return errs.Wrap(err, "restore")
}

// belongTo gives a configuration file to whom the old one belonged, or else to the group of the data directory.
func belongTo(file, data, old string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, ok := ownerOf(old)
	if !ok {
		if _, gid, ok = ownerOf(data); !ok {
			return nil
		}
	}
	return os.Chown(file, uid, gid)
}

func ownerOf(path string) (uid, gid int, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}
