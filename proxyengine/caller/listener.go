package caller

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"crs/internal/descriptor"
)

// Connections knows every client connection that is open. It counts them, by address too, and closes those that wait for a
// request when there is no room for more: who is being served is never closed for others.
type Connections struct {
	most  atomic.Int64 // of one address
	trust atomic.Pointer[Trust]

	mu   sync.Mutex // guards the fields below
	room int        // for all; 0 is any number
	open map[netip.Addr]int
	all  map[*seat]net.Conn
	left chan struct{} // closed when a connection goes, if somebody waits for that
}

// NewConnections has room for any number of connections, until Resize and Set say how many there may be.
func NewConnections() *Connections {
	return &Connections{open: map[netip.Addr]int{}, all: map[*seat]net.Conn{}}
}

// Resize changes for how many connections there is room; 0 is any number. No connection is closed for that before the next one comes.
func (c *Connections) Resize(room int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.room = room
}

// Set changes how many connections an address may have; 0 is any number. Trusted proxies may have any number.
func (c *Connections) Set(most int, trust Trust) {
	c.most.Store(int64(most))
	c.trust.Store(&trust)
}

// Len is how many are open.
func (c *Connections) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

// Listen has ln's connections counted. One beyond the limit is accepted all the same, so that it can be told; one beyond twice
// the limit of its address is closed at once, and one for which there is no room at all is left to wait.
func (c *Connections) Listen(ln net.Listener) net.Listener {
	return &listener{Listener: ln, of: c, closed: make(chan struct{})}
}

type listener struct {
	net.Listener
	of     *Connections
	once   sync.Once
	closed chan struct{}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		if !l.of.waitForRoom(l.closed) {
			return nil, net.ErrClosed
		}
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if seated := l.of.take(conn); seated != nil {
			return seated, nil
		}
		_ = conn.Close()
	}
}

// Close implements net.Listener.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// waitForRoom returns when one more can be accepted, if only to be told that there is no room, and reports false when closed is
// closed before. A connection that could go may be between a request and its end: it is looked for again.
func (c *Connections) waitForRoom(closed <-chan struct{}) bool {
	for {
		left := c.full()
		if left == nil || c.Free() {
			return true
		}
		again := time.NewTimer(lookAgain)
		select {
		case <-left:
		case <-again.C:
		case <-closed:
			again.Stop()
			return false
		}
		again.Stop()
	}
}

const lookAgain = 50 * time.Millisecond

// full gives nil when there is a place, and else what is closed when there may be one.
func (c *Connections) full() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.room == 0 || len(c.all) < c.room+descriptor.Beyond(c.room) {
		return nil
	}
	if c.left == nil {
		c.left = make(chan struct{})
	}
	return c.left
}

// take gives conn a place. It is nil when its address has far too many.
func (c *Connections) take(conn net.Conn) net.Conn {
	if c.crowded() {
		c.Free()
	}
	s := &seat{of: c}
	s.wait()
	if addr := Whole(AddrOf(conn.RemoteAddr())); c.limits(addr) {
		s.addr = addr
	}
	var seated net.Conn = &plainConn{Conn: conn, seat: s}
	if tcp, ok := conn.(*net.TCPConn); ok {
		seated = &tcpConn{TCPConn: tcp, seat: s} // keeps what it can do beyond a net.Conn: its socket is watched
	}
	if !c.enter(s, conn) {
		return nil
	}
	return seated
}

func (c *Connections) crowded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.room > 0 && len(c.all) >= c.room
}

// limits reports whether an address may not have any number of connections.
func (c *Connections) limits(addr netip.Addr) bool {
	if c.most.Load() == 0 || exempt(addr) {
		return false
	}
	t := c.trust.Load()
	return t == nil || !t.has(addr)
}

func (c *Connections) enter(s *seat, conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.full = c.room > 0 && len(c.all) >= c.room
	if s.addr.IsValid() {
		most := int(c.most.Load())
		n := c.open[s.addr] + 1
		if n > 2*most {
			return false
		}
		s.over = n > most
		c.open[s.addr] = n
	}
	c.all[s] = conn
	return true
}

func (c *Connections) remove(s *seat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, s)
	if s.addr.IsValid() {
		if c.open[s.addr]--; c.open[s.addr] <= 0 {
			delete(c.open, s.addr)
		}
	}
	if c.left != nil {
		close(c.left)
		c.left = nil
	}
}
