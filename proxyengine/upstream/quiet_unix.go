//go:build unix

package upstream

import (
	"crypto/tls"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// look sees what an idle connection does. It is made once for a connection, so that to look costs no memory.
type look struct {
	raw  syscall.RawConn // nil where a connection has none
	open bool            // what see saw
	see  func(fd uintptr)
}

// lookAt is for conn, or for the connection under its TLS.
func lookAt(conn net.Conn) *look {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	l := new(look)
	if sc, ok := conn.(syscall.Conn); ok {
		l.raw, _ = sc.SyscallConn() // fails for a closed connection only, which is then used, and fails
	}
	l.see = func(fd uintptr) {
		waiting := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(waiting[:], 0)
		l.open = err == unix.EINTR || err == nil && n == 0
	}
	return l
}

// quiet reports whether an idle connection is still open with nothing to read: a closed one, or one with bytes nobody
// asked for, must not get the next request. It does not block and takes nothing.
func (l *look) quiet() bool { return l.raw == nil || l.raw.Control(l.see) == nil && l.open }
