package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// Call is the cancel switch of one request. Its zero value is ready; it serves one request and is not reused.
type Call struct {
	mu       sync.Mutex // guards the fields below
	canceled bool
	conn     net.Conn           // the connection in use, while there is one
	stop     context.CancelFunc // ends the dial, or the net/http request

	// The fields below belong to the goroutine that calls Do.
	waited time.Duration
	sentAt time.Time // when it began to send; zero when it does not wait for an answer
}

// Waited is how long Do waited for the upstream: to connect, to take the request, and to begin its answer.
func (c *Call) Waited() time.Duration { return c.waited }

// came ends the wait for an answer, which began to come at a moment.
func (c *Call) came(at time.Time) {
	if !c.sentAt.IsZero() {
		c.waited += at.Sub(c.sentAt)
		c.sentAt = time.Time{}
	}
}

// Cancel ends the request at once, in whichever phase it is: dialling, sending, waiting or reading. It may come from any
// goroutine, any number of times, and does not block.
func (c *Call) Cancel() {
	c.mu.Lock()
	c.canceled = true
	conn, stop := c.conn, c.stop
	c.mu.Unlock()
	if stop != nil {
		stop()
	}
	if conn != nil {
		abort(conn)
	}
}

// Canceled reports whether Cancel was called.
func (c *Call) Canceled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.canceled
}

// dialing binds the context of a dial to the call.
func (c *Call) dialing(stop context.CancelFunc) error { return c.bind(nil, stop) }

// using binds an open connection to the call.
func (c *Call) using(conn net.Conn) error { return c.bind(conn, nil) }

func (c *Call) bind(conn net.Conn, stop context.CancelFunc) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.canceled {
		return ErrCanceled
	}
	c.conn, c.stop = conn, stop
	return nil
}

// release lets go of the connection, so that a late Cancel cannot hit its next user. It reports whether the call had
// been cancelled before.
func (c *Call) release() (canceled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.stop = nil, nil
	return c.canceled
}

// abort closes the socket under TLS: tls.Conn.Close would first wait for the write lock to say goodbye.
func abort(conn net.Conn) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	_ = conn.Close()
}
