package proxyengine

import (
	"bytes"
	"crypto/tls"
	"net"

	"github.com/valyala/fasthttp"

	"crs/proxyengine/caller"
	"crs/proxyengine/hangup"
	"crs/proxyengine/provider"
)

// strict is a listener whose connections remember how each request's first line ended, and its last one: fasthttp takes a bare
// line feed there. The rest of a head it keeps as it came.
type strict struct{ net.Listener }

// Accept implements net.Listener.
func (l strict) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	switch c := conn.(type) {
	case *tls.Conn:
		return &secureConn{Conn: c}, err
	case *hangup.Conn:
		return &openConn{Conn: c}, err
	}
	return conn, err
}

type openConn struct {
	*hangup.Conn
	firstLine
}

// NetConn gives the connection below, which is watched.
func (c *openConn) NetConn() net.Conn { return c.Conn }

// Read implements net.Conn.
func (c *openConn) Read(b []byte) (int, error) { return c.read(c.Conn, b) }

type secureConn struct {
	*tls.Conn
	firstLine
}

// Read implements net.Conn.
func (c *secureConn) Read(b []byte) (int, error) { return c.read(c.Conn, b) }

// firstLine looks at what is read of a connection until the first line of a request has ended, and keeps how it ended. The first
// line of a request that was read together with the one before it is not seen.
type firstLine struct {
	at      place
	last    byte // that was seen
	newest  byte // that was read
	bare    bool // a line ended in a bare line feed
	chunked bool
	chunks  framing
	end     [len(lastChunk)]byte // what was read last
}

// lastChunk is how a body in chunks ends, unless trailers follow.
const lastChunk = "0\r\n\r\n"

type place uint8

const (
	before place = iota // a line end may come before the request
	inside
	behind
)

func (l *firstLine) read(conn net.Conn, b []byte) (int, error) {
	if l.chunks.full() {
		return 0, errFraming
	}
	n, err := conn.Read(b)
	l.see(b[:n], err)
	return n, err
}

func (l *firstLine) see(b []byte, err error) {
	l.chunks.see(len(b), err)
	if len(b) > 0 {
		l.newest = b[len(b)-1]
	}
	if n := len(b); n >= len(l.end) {
		copy(l.end[:], b[n-len(l.end):])
	} else {
		copy(l.end[:], l.end[n:])
		copy(l.end[len(l.end)-n:], b)
	}
	for l.at != behind && len(b) > 0 {
		if l.at == before {
			b = l.begin(b)
			continue
		}
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			l.last = b[len(b)-1]
			return
		}
		if end > 0 {
			l.last = b[end-1]
		}
		l.bare = l.bare || l.last != '\r'
		l.at = behind
	}
}

// begin passes over line ends. What does not begin as a method does is no first line: of a request that was read with the one
// before it, this is the rest.
func (l *firstLine) begin(b []byte) []byte {
	switch c := b[0]; {
	case c == '\n':
		l.bare = l.bare || l.last != '\r'
	case c >= 'A' && c <= 'Z':
		l.at = inside
		return b
	case c != '\r':
		l.at = behind
		return b
	}
	l.last = b[0]
	return b[1:]
}

func (l *firstLine) line() *firstLine { return l }

// lineOf gives what is seen of a connection; nil if it is none of strict's.
func lineOf(conn net.Conn) *firstLine {
	if c, ok := conn.(interface{ line() *firstLine }); ok {
		return c.line()
	}
	return nil
}

// connState is told by fasthttp when a connection has ended a request and waits for the next one.
func (e *Engine) connState(conn net.Conn, s fasthttp.ConnState) {
	if s != fasthttp.StateIdle {
		return
	}
	l := lineOf(conn)
	if l == nil {
		return
	}
	if l.chunked && string(l.end[:]) != lastChunk {
		// There were trailers, whose lines fasthttp reads as loosely, or there is another request behind it that they could have
		// hidden. Both are rare enough to end the connection.
		caller.Drop(acceptedConn(conn))
		return
	}
	*l = firstLine{last: l.newest, newest: l.newest} // a line of the next request, or of one behind that, may have begun to end
	caller.Waiting(acceptedConn(conn))
}

// acceptedConn is the connection as the listener for clients gave it.
func acceptedConn(conn net.Conn) net.Conn {
	if c, ok := hangup.From(conn); ok {
		return c.Conn
	}
	return conn
}

// checkLineEnds refuses a head with line ends that others read in another way: a bare line feed, or a field that goes on in the next line.
func (x *exchange) checkLineEnds() error {
	first := false
	if l := lineOf(x.ctx.Conn()); l != nil {
		if x.ahead = l.at == before; x.ahead {
			x.spot.Enter() // nothing was waited for, and nothing will be until it is clear what is wanted
		}
		first, l.at, l.chunked = l.bare, behind, x.ctx.Request.Header.ContentLength() == -1
		if l.chunked {
			x.pace.chunks = &l.chunks
			l.chunks.begin(x.settings.BodyMax)
		}
	}
	if !first && wellEnded(x.ctx.Request.Header.RawHeaders()) {
		return nil
	}
	x.ctx.SetConnectionClose()
	return fault(provider.BadRequest, "the request's head has a line that ends in a bare line feed, or one that goes on in the next line")
}

// wellEnded reports whether each line ends in CR LF, and none goes on in the next.
func wellEnded(head []byte) bool {
	for from := 0; ; {
		i := bytes.IndexByte(head[from:], '\n')
		if i < 0 {
			return true
		}
		end := from + i
		if end == 0 || head[end-1] != '\r' {
			return false
		}
		from = end + 1
		if from < len(head) && (head[from] == ' ' || head[from] == '\t') {
			return false
		}
	}
}
