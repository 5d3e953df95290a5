//go:build !unix

package filelock

import (
	"fmt"
	"os"

	"github.com/gofrs/flock"
)

// Lock is a file that this process has taken.
type Lock struct{ lock *flock.Flock }

// Take takes the file at path, which is made when there is none. It gives a *Taken when somebody else has it.
func Take(path string) (*Lock, error) {
	lock := flock.New(path)
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("take %s: %w", path, err)
	}
	if !held {
		return nil, &Taken{path}
	}
	return &Lock{lock}, nil
}

// Inherit is not there on this system.
func Inherit(*os.File) *Lock { return nil }

// File is nil: a lock cannot be handed over on this system.
func (c *Lock) File() *os.File { return nil }

// Close ends the lock.
func (c *Lock) Close() error { return c.lock.Close() }
