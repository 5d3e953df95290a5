// Package hangup tells when the client at the other end of an accepted connection has gone away, while nobody reads from
// or writes to it: queued, or waiting for an upstream that thinks for minutes. A client that closes only its sending half
// counts as gone, since the two look the same from here.
package hangup

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// Conn is an accepted connection that can be watched. It adds no cost to reading and writing.
type Conn struct {
	net.Conn
	watcher *Watcher
	socket  syscall.RawConn
	id      uint64
	turns   Turns // the reader's own

	mu      sync.Mutex // guards the fields below
	watched bool       // the watcher knows the socket
	gone    bool
	notify  func()
}

// From finds the Conn under c, which may be TLS over it.
func From(c net.Conn) (*Conn, bool) {
	for {
		switch x := c.(type) {
		case *Conn:
			return x, true
		case interface{ NetConn() net.Conn }:
			c = x.NetConn()
		default:
			return nil, false
		}
	}
}

// OnLeave has notify called once when the client leaves, at once if it has left already. notify must not block. It
// replaces any earlier one; nil ends the watch. After OnLeave(nil) has returned, the earlier notify is not called any
// more, but a call that has begun may still be running.
func (c *Conn) OnLeave(notify func()) error {
	c.mu.Lock()
	err := c.register()
	gone := c.gone
	c.notify = notify
	if gone {
		c.notify = nil
	}
	c.mu.Unlock()
	if gone && notify != nil {
		notify()
	}
	return err
}

// register is called with mu held. A connection is registered once, not for every request: each would cost two system
// calls.
func (c *Conn) register() error {
	if c.watched || c.gone || c.watcher == nil {
		return nil
	}
	if err := c.watcher.add(c); err != nil {
		return err
	}
	c.watched = true
	return nil
}

// left is called by the watcher.
func (c *Conn) left() {
	c.mu.Lock()
	notify := c.notify
	c.gone, c.notify = true, nil
	c.mu.Unlock()
	if notify != nil {
		notify()
	}
}

// Close ends the watch and closes the connection.
func (c *Conn) Close() error {
	c.mu.Lock()
	watched := c.watched
	c.watched, c.notify = false, nil
	c.mu.Unlock()
	if watched {
		c.watcher.remove(c)
	}
	return c.Conn.Close()
}

// Listener accepts connections that can be watched.
type Listener struct {
	net.Listener
	watcher *Watcher
}

// Listen wraps ln. The watcher must outlive it.
func (w *Watcher) Listen(ln net.Listener) *Listener { return &Listener{Listener: ln, watcher: w} }

// Accept gives a *Conn. One whose socket cannot be reached is served all the same, only not watched.
func (l *Listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &Conn{Conn: conn, id: l.watcher.nextID.Add(1)}
	if sc, ok := conn.(syscall.Conn); ok {
		if socket, err := sc.SyscallConn(); err == nil {
			c.socket, c.watcher = socket, l.watcher
		}
	}
	return c, nil
}

// registry are the connections that a watcher watches.
type registry struct {
	nextID atomic.Uint64

	mu    sync.Mutex // guards conns; taken after Conn.mu, never before
	conns map[uint64]*Conn
}

func (r *registry) put(c *Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns == nil {
		r.conns = map[uint64]*Conn{}
	}
	r.conns[c.id] = c
}

// remove forgets c. The kernel forgets the socket when it is closed.
func (r *registry) remove(c *Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c.id)
}
