//go:build !unix

package handover

import (
	"errors"
	"net"
	"os"
	"syscall"
)

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

// Start is not there on this system.
func Start(string, *InheritedFiles) (*Child, net.Conn, error) {
	return nil, nil, errors.New("this system cannot hand a running daemon over to a new process; stop it and start it")
}

// Kill does nothing.
func (c *Child) Kill() {}

// Signal does nothing.
func (c *Child) Signal(os.Signal) {}
