package handover

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"time"

	"crs/internal/filelock"
	"crs/internal/patience"
)

// InheritedFiles is what a process hands over, or has inherited.
type InheritedFiles struct {
	Clients net.Listener // *net.TCPListener
	Control *net.UnixListener
	Data    *filelock.Lock // of the data directory
	Socket  *filelock.Lock // of the control socket
	Link    net.Conn       // to the other process
	// Tether leads to the process that was started first; nil when nobody stays for another.
	Tether *Held
	// As is the path of the program that the process is, or soon will be, installed as.
	As string
}

// Child is a successor that this process has started.
type Child struct {
	PID int
	// Done is closed when it has ended.
	Done chan struct{}

	state syscall.WaitStatus // once it has ended
}

// Exit is what the successor ended with, in words.
func (c *Child) Exit() string {
	if !c.EndsWithin(0) {
		return "it was killed, and has not ended: it waits for a disk that hangs"
	}
	if c.state.Signaled() {
		return "it was ended by the signal " + c.state.Signal().String()
	}
	return fmt.Sprintf("it ended with exit code %d", c.state.ExitStatus())
}

// EndsWithin reports whether the successor ends within a while.
func (c *Child) EndsWithin(d time.Duration) bool {
	return patience.Over(c.Done) || patience.Await(context.Background(), c.Done, d)
}
