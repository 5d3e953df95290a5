package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"crs/ctl"
)

// WrongPath says what to do about an error about a path that somebody has named: there is nothing there, something else, or it is
// not for them.
func WrongPath(none ctl.Code, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return ctl.Errorf(none, "%s", err).WithHint("name a file that is there")
	case errors.Is(err, syscall.EISDIR):
		return ctl.Errorf(ctl.BadRequest, "%s", err).WithHint("name a file, not a directory")
	case errors.Is(err, fs.ErrPermission):
		return ctl.Errorf(ctl.NotPermitted, "%s", err).WithHint("try sudo, or give your user the right to the file")
	}
	return err
}

// Readable is an error when there is no file at path.
func Readable(what, path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	}
	if err != nil {
		return WrongPath(ctl.NotFound, fmt.Errorf("read %s: %w", what, err))
	}
	return nil
}

// Makable is an error when no file can be made at path, since there is no directory for it.
func Makable(what, path string) error {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil, errors.Is(err, syscall.ENOTDIR):
		return ctl.Errorf(ctl.BadRequest, "write %s: %s is not a directory", what, dir).WithHint("name a file in a directory")
	case errors.Is(err, fs.ErrNotExist):
		return ctl.Errorf(ctl.NotFound, "write %s: there is no directory %s", what, dir).WithHint("make it first, or name a file in one that is there")
	}
	return WrongPath(ctl.NotFound, fmt.Errorf("write %s: %w", what, err))
}
