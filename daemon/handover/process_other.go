//go:build !unix

package handover

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"crs/internal/filelock"
)

// InheritedFiles is what a process hands over, or has inherited.
type InheritedFiles struct {
	Clients net.Listener
	Control *net.UnixListener
	Data    *filelock.Lock
	Socket  *filelock.Lock
	Link    net.Conn
	Tether  *Held
	As      string
}

// Inherited gives nil: nothing can be handed over on this system.
func Inherited() (*InheritedFiles, error) { return nil, nil }

// NewTether is not there on this system.
func NewTether() (*Tether, *Held, error) {
	return nil, nil, errors.New("there is nothing to hand over to")
}

// Close does nothing.
func (h *Held) Close() {}

// Signal does nothing.
func (t *Tether) Signal(syscall.Signal) bool { return false }

// Child is a successor that this process has started.
type Child struct {
	PID  int
	Done chan struct{}
}

// Start is not there on this system.
func Start(string, *InheritedFiles) (*Child, net.Conn, error) {
	return nil, nil, errors.New("this system cannot hand a running daemon over to a new process; stop it and start it")
}

// Kill does nothing.
func (c *Child) Kill() {}

// Signal does nothing.
func (c *Child) Signal(os.Signal) {}

// Exit does nothing.
func (c *Child) Exit() (int, string) { return 0, "" }

// EndsWithin is false.
func (c *Child) EndsWithin(time.Duration) bool { return false }
