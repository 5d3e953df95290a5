package usage

import (
	"errors"
	"fmt"
	"os"
)

// ErrOnReserve means that the disk is full and the ledger is written all the same, into room that was reserved before.
var ErrOnReserve = errors.New("the disk has no more room for the ledger")

// reserveStep is how much is reserved at once, from one multiple of it to the next: a file system that cannot reserve a step
// may give back what it had of it.
const reserveStep = 16 << 10

// room is what the newest segment has on disk. It is guarded by the ledger's work.
type room struct {
	end      int64 // of its lines; behind the ledger's at are those of a write that failed
	reserved int64 // how far it can grow on a disk that is full
	never    bool  // this file system reserves nothing
}

// left is how much more can be written, whatever becomes of the disk.
func (r *room) left() int64 { return max(0, r.reserved-r.end) }

// topUp reserves as many bytes as are wanted, and says why when it cannot: soon after the disk has become full.
func (r *room) topUp(f *os.File, want int64) error {
	for !r.never && r.left() < want {
		from := max(r.reserved, r.end)
		to := (from/reserveStep + 1) * reserveStep
		switch err := reserve(f, from, to-from); {
		case noRoom(err):
			return fmt.Errorf("%w: %w", ErrOnReserve, err)
		case err != nil:
			r.never = true
			return nil
		}
		r.reserved = to
	}
	return nil
}

// giveBack frees what was reserved and not used.
func (r *room) giveBack(f *os.File) error {
	if r.left() == 0 {
		return nil
	}
	r.reserved = 0
	info, err := f.Stat()
	if err == nil {
		err = f.Truncate(info.Size())
	}
	if err != nil {
		return fmt.Errorf("give back what the ledger had reserved: %w", err)
	}
	return nil
}

// Reserve tells why the disk has no more room for the ledger, nil when it has, and how much can still be written.
func (l *Ledger) Reserve() (left int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.left, l.short
}
