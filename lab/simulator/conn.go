package simulator

import (
	"errors"
	"net"
	"os"
	"time"
)

// conn is one client's connection. fasthttp reads the requests from it; the answers the simulator writes itself, because
// it needs the wire byte for byte. What fasthttp writes after the handler is therefore dropped, until it reads again.
// Everything but Close belongs to the connection's own goroutine.
type conn struct {
	net.Conn
	muted bool     // drop what fasthttp writes
	timed bool     // a read deadline is set
	early []byte   // read while waiting: the beginning of the client's next request
	peek  [64]byte // where await reads
}

func (c *conn) Read(p []byte) (int, error) {
	c.muted = false
	if len(c.early) > 0 {
		n := copy(p, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	if c.timed {
		c.timed = false
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(p)
}

func (c *conn) Write(p []byte) (int, error) {
	if c.muted {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// forever makes await wait until the client leaves.
const forever time.Duration = -1

// await waits for d and fails at once when the client leaves. Reading is what notices that, without polling; a client
// that pipelines loses nothing, its bytes are kept for the next request. One that closes only its sending side counts as
// gone, too: the two cannot be told apart.
func (c *conn) await(d time.Duration) error {
	var until time.Time
	if d >= 0 {
		until = time.Now().Add(d)
	}
	c.timed = true
	if err := c.SetReadDeadline(until); err != nil {
		return err
	}
	for {
		n, err := c.Conn.Read(c.peek[:])
		c.early = append(c.early, c.peek[:n]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// reset closes the connection with a TCP reset instead of a FIN.
func (c *conn) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails only on a connection that is gone already
	}
	_ = c.Close()
}
