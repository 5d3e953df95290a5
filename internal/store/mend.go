package store

import (
	"errors"
	"io/fs"
	"syscall"

	"crs/internal/descriptor"
)

// Why a store takes no writes, as far as that is known.
var (
	ErrFull     = errors.New("there is no room on its disk")
	ErrLocked   = errors.New("another process holds its lock")
	ErrReadOnly = errors.New("it is read-only")
)

// Mend is what to do about an error of the store, or of another file of the data directory, that cannot be written.
func Mend(err error) string {
	switch {
	case errors.Is(err, ErrFull), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room on the disk of the data directory"
	case errors.Is(err, ErrLocked):
		return "find out which process has crs.db open (fuser -v crs.db, or lsof crs.db, in the data directory), and let it finish or end it"
	case errors.Is(err, ErrReadOnly), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "make the data directory and what is in it writable for the daemon's user; see whether its disk is mounted read-only"
	}
	if descriptor.Exhausted(err) {
		return "raise the limit of open files (prlimit --pid PID --nofile=NUMBER, LimitNOFILE= in the unit)"
	}
	return "see what is wrong with the files of the data directory and their disk: crs status, crs doctor"
}
