package descriptor

import (
	"context"
	"errors"
	"net"
	"slices"
	"syscall"
	"time"

	"crs/internal/patience"
)

// The pauses before an Accept that failed for want of something is tried again.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = time.Second
)

// Exhausted reports whether err says that the process or the system has run out of something that will be there again:
// descriptors, buffers, memory.
func Exhausted(err error) bool {
	short := []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM}
	return slices.ContainsFunc(short, func(e error) bool { return errors.Is(err, e) })
}

// passes reports whether an Accept that failed with err may do better when it is tried again: the other reason is that a client
// left before it was accepted.
func passes(err error) bool { return Exhausted(err) || errors.Is(err, syscall.ECONNABORTED) }

// Listener is one whose Accept does not fail because there is nothing left to accept with: it pauses, and tries again.
type Listener struct {
	net.Listener
	name  string
	short *Shortage
	free  func() // gives descriptors back that can be spared; may be nil
	spare *Spare // nil for none

	life context.Context // ends when it is closed
	end  context.CancelFunc
}

// Patient makes Accept of ln, which has a name in the log, wait for what there is too little of, and tell short of it. free, which may
// be nil, is called each time to give something back.
func Patient(ln net.Listener, name string, short *Shortage, free func()) *Listener {
	l := &Listener{Listener: ln, name: name, short: short, free: free}
	l.life, l.end = context.WithCancel(context.Background())
	return l
}

// With has l spend a descriptor of spare for a connection that gets no other.
func (l *Listener) With(spare *Spare) *Listener {
	l.spare = spare
	return l
}

// Accept implements net.Listener. Its errors are permanent.
func (l *Listener) Accept() (net.Conn, error) {
	pause := firstPause
	for {
		if l.spare != nil {
			l.spare.Fill()
		}
		conn, err := l.accept()
		if err == nil || !passes(err) {
			return conn, err
		}
		if Exhausted(err) {
			l.short.met(l.name, err)
		}
		if l.free != nil {
			l.free()
		}
		if !patience.Pause(l.life, pause) {
			return nil, net.ErrClosed
		}
		pause = min(2*pause, lastPause)
	}
}

// accept spends what is spared, until that is enough for one.
func (l *Listener) accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err == nil || !Exhausted(err) || l.spare == nil || !l.spare.spend() {
			return conn, err
		}
	}
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	l.end()
	return l.Listener.Close()
}
