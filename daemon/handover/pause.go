package handover

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// Listener is a listening socket from which accepting can pause: what connects then waits in the kernel, for whichever
// process accepts next.
type Listener struct {
	net.Listener
	mu      sync.Mutex    // guards resumed
	resumed chan struct{} // nil while it accepts
	closed  chan struct{}
	once    sync.Once
}

// Listen wraps a TCP or unix listener.
func Listen(ln net.Listener) *Listener { return &Listener{Listener: ln, closed: make(chan struct{})} }

// Accept waits while the listener is paused.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		if err := l.open(); err != nil {
			return nil, err
		}
		c, err := l.Listener.Accept()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return c, err
		}
	}
}

func (l *Listener) open() error {
	l.mu.Lock()
	resumed := l.resumed
	l.mu.Unlock()
	if resumed == nil {
		return nil
	}
	select {
	case <-resumed:
		return nil
	case <-l.closed:
		return net.ErrClosed
	}
}

type deadline interface{ SetDeadline(time.Time) error }

// Pause ends an Accept that is under way, and has others wait.
func (l *Listener) Pause() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.resumed == nil {
		l.resumed = make(chan struct{})
		_ = l.Listener.(deadline).SetDeadline(time.Unix(1, 0)) // fails only when it is closed
	}
}

// Resume accepts again.
func (l *Listener) Resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.resumed != nil {
		_ = l.Listener.(deadline).SetDeadline(time.Time{})
		close(l.resumed)
		l.resumed = nil
	}
}

// Close closes this process's end of the socket.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
