//go:build !unix

package claim

import (
	"fmt"
	"os"

	"github.com/gofrs/flock"
)

// Claim is a file that this process has taken.
type Claim struct{ lock *flock.Flock }

// Take takes the file at path, which is made when there is none. It gives a *Taken when somebody else has it.
func Take(path string) (*Claim, error) {
	lock := flock.New(path)
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("take %s: %w", path, err)
	}
	if !held {
		return nil, &Taken{path}
	}
	return &Claim{lock}, nil
}

// Inherit is not there on this system.
func Inherit(*os.File) *Claim { return nil }

// File is nil: a claim cannot be handed over on this system.
func (c *Claim) File() *os.File { return nil }

// Close ends the claim.
func (c *Claim) Close() error { return c.lock.Close() }
