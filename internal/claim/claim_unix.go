//go:build unix

package claim

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Claim is a file that this process has taken.
type Claim struct{ file *os.File }

// Take takes the file at path, which is made when there is none. It gives a *Taken when somebody else has it.
func Take(path string) (*Claim, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("take %s: %w", path, err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return &Claim{f}, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, &Taken{path}
	}
	return nil, fmt.Errorf("take %s: %w", path, err)
}

// Inherit continues a claim that another process has handed over as an open file.
func Inherit(f *os.File) *Claim { return &Claim{f} }

// File is what another process must be given to have the claim too.
func (c *Claim) File() *os.File { return c.file }

// Close ends this process's part in the claim. The file stays: another process may be about to take it.
func (c *Claim) Close() error { return c.file.Close() }
