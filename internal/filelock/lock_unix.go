//go:build unix

package filelock

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
)

// Lock is a file that this process has taken.
type Lock struct {
	file   *os.File
	shared atomic.Bool // with another process
}

// Take takes the file at path, which is made when there is none. It gives a *Taken when somebody else has it. A link is not
// followed: where others may make files, it could lead to any file of the daemon's.
func Take(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) { // the latter on FreeBSD
		return nil, fmt.Errorf("take %s: it is a symbolic link, which is not followed; remove it", path)
	}
	if err != nil {
		return nil, fmt.Errorf("take %s: %w", path, err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("take %s: it is not a regular file", path), err, f.Close())
	}
	err = flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &Lock{file: f}, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, &Taken{path}
	}
	return nil, fmt.Errorf("take %s: %w", path, err)
}

// Inherit continues a lock that another process has handed over as an open file.
func Inherit(f *os.File) *Lock {
	c := &Lock{file: f}
	c.shared.Store(true)
	return c
}

// File is what another process must be given to have the lock too.
func (c *Lock) File() *os.File {
	c.shared.Store(true)
	return c.file
}

// Close ends this process's part in the lock. The file stays: another process may be about to take it. Where no other process was
// given the lock it ends at once: a program that is being started has this process's files open for a moment.
func (c *Lock) Close() error {
	if c.shared.Load() {
		return c.file.Close()
	}
	return errors.Join(flock(c.file, syscall.LOCK_UN), c.file.Close())
}

func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
