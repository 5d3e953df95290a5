package caller

import (
	"cmp"
	"math"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// seat is one connection's place among all, given back once.
type seat struct {
	of   *Connections
	addr netip.Addr // not valid when its address may have any number
	over bool       // its address has too many
	full bool       // there was no room for it
	gone atomic.Bool
	// since is when it began to wait for a request, or for the rest of one's head, in Unix nanoseconds; or one of the below.
	since atomic.Int64
}

const (
	served = 0  // it has a request under way
	closed = -1 // it was closed for others
)

func (s *seat) leave() {
	if !s.gone.Swap(true) {
		s.of.remove(s)
	}
}

func (s *seat) wait() { s.since.Store(time.Now().UnixNano()) }

// serve reports false when the connection was closed for others a moment ago.
func (s *seat) serve() bool {
	for {
		since := s.since.Load()
		if since == closed {
			return false
		}
		if s.since.CompareAndSwap(since, served) {
			return true
		}
	}
}

func (s *seat) own() *seat { return s }

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

func seatOf(conn net.Conn) *seat {
	if c, ok := conn.(interface{ own() *seat }); ok {
		return c.own()
	}
	return nil
}

// TooMany reports whether conn was accepted only to be told that its address has too many.
func TooMany(conn net.Conn) bool {
	s := seatOf(conn)
	return s != nil && s.over
}

// NoRoom reports whether conn was accepted only to be told that there is no room for it.
func NoRoom(conn net.Conn) bool {
	s := seatOf(conn)
	return s != nil && s.full
}

// Serving marks that conn has a request under way: it is not closed for others then. It reports false when it was already.
func Serving(conn net.Conn) bool {
	s := seatOf(conn)
	return s == nil || s.serve()
}

// Waiting marks that conn waits for its next request.
func Waiting(conn net.Conn) {
	if s := seatOf(conn); s != nil && s.since.Load() == served {
		s.wait()
	}
}

// Drop closes conn: a request that was read from it already is not served.
func Drop(conn net.Conn) {
	if s := seatOf(conn); s != nil {
		s.since.Store(closed)
	}
	_ = conn.Close()
}

// Free closes a few of the connections that wait for a request, those first that have waited longest, and reports whether there
// was any.
func (c *Connections) Free() bool {
	some := c.longestWaiting()
	for _, w := range some {
		w.seat.leave()
		_ = w.conn.Close()
	}
	return len(some) > 0
}

// CloseWaiting closes every connection that has waited for a request for so long.
func (c *Connections) CloseWaiting(long time.Duration) {
	before := time.Now().Add(-long).UnixNano()
	for _, w := range c.waitingSince(before) {
		if w.seat.since.CompareAndSwap(w.since, closed) {
			w.seat.leave()
			_ = w.conn.Close()
		}
	}
}

// waiting is a connection that can go.
type waiting struct {
	seat  *seat
	conn  net.Conn
	since int64
}

// atOnce is which part of all connections is closed at once, so that they are not all looked through for each new one.
const atOnce = 64

func (c *Connections) longestWaiting() []waiting {
	all := c.waitingSince(math.MaxInt64)
	slices.SortFunc(all, func(a, b waiting) int { return cmp.Compare(a.since, b.since) })
	most := c.Len()/atOnce + 1
	some := all[:0]
	for _, w := range all {
		if len(some) == most {
			break
		}
		if w.seat.since.CompareAndSwap(w.since, closed) {
			some = append(some, w)
		}
	}
	return some
}

// waitingSince are those that have waited since before a time, in Unix nanoseconds.
func (c *Connections) waitingSince(before int64) []waiting {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []waiting
	for s, conn := range c.all {
		if since := s.since.Load(); since > served && since < before {
			all = append(all, waiting{s, conn, since})
		}
	}
	return all
}
