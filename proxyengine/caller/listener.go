package caller

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Connections counts what each address has open. It holds an entry for each address that has a connection, and no other.
type Connections struct {
	most  atomic.Int64
	trust atomic.Pointer[Trust]

	mu   sync.Mutex // guards open
	open map[netip.Addr]int
}

// NewConnections counts from nothing. Set says how many there may be; until then there is no limit.
func NewConnections() *Connections { return &Connections{open: map[netip.Addr]int{}} }

// Set changes how many connections an address may have; 0 is any number. Trusted proxies may have any number.
func (c *Connections) Set(most int, trust Trust) {
	c.most.Store(int64(most))
	c.trust.Store(&trust)
}

// Listen has ln's connections counted. One beyond the limit is accepted all the same, so that it can be told; one beyond twice
// the limit is closed at once.
func (c *Connections) Listen(ln net.Listener) net.Listener { return &listener{ln, c} }

type listener struct {
	net.Listener
	count *Connections
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		addr := whole(AddrOf(conn.RemoteAddr()))
		most := int(l.count.most.Load())
		if most == 0 || exempt(addr) || l.count.trusts(addr) {
			return conn, nil
		}
		n := l.count.add(addr)
		if n > 2*most {
			l.count.remove(addr)
			_ = conn.Close()
			continue
		}
		return l.count.counted(conn, addr, n > most), nil
	}
}

func (c *Connections) trusts(addr netip.Addr) bool {
	t := c.trust.Load()
	return t != nil && t.has(addr)
}

func (c *Connections) add(addr netip.Addr) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[addr]++
	return c.open[addr]
}

func (c *Connections) remove(addr netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[addr]--; c.open[addr] <= 0 {
		delete(c.open, addr)
	}
}

// counted keeps what a TCP connection can do beyond a net.Conn: its socket is watched.
func (c *Connections) counted(conn net.Conn, addr netip.Addr, over bool) net.Conn {
	seat := &seat{of: c, addr: addr, over: over}
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &tcpConn{TCPConn: tcp, seat: seat}
	}
	return &plainConn{Conn: conn, seat: seat}
}

// seat is one connection's place in the count, given back once.
type seat struct {
	of   *Connections
	addr netip.Addr
	over bool
	gone atomic.Bool
}

func (s *seat) leave() {
	if !s.gone.Swap(true) {
		s.of.remove(s.addr)
	}
}

func (s *seat) tooMany() bool { return s.over }

type tcpConn struct {
	*net.TCPConn
	*seat
}

// Close implements net.Conn.
func (c *tcpConn) Close() error {
	c.leave()
	return c.TCPConn.Close()
}

type plainConn struct {
	net.Conn
	*seat
}

// Close implements net.Conn.
func (c *plainConn) Close() error {
	c.leave()
	return c.Conn.Close()
}

// TooMany reports whether conn was accepted only to be told that its address has too many.
func TooMany(conn net.Conn) bool {
	c, ok := conn.(interface{ tooMany() bool })
	return ok && c.tooMany()
}
