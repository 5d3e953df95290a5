package upstream

import (
	"bufio"
	"errors"
	"io"
	"net"
	"time"

	"crs/proxyengine/provider"
)

// Answer is an upstream's answer: a head that has arrived, and a body that arrives as Next is called. It belongs to one
// goroutine.
type Answer struct {
	Status int
	Header provider.Header
	// Length of the body in bytes, -1 when only its end will tell.
	Length int64

	body    body
	waited  time.Duration
	counted bool // what is waited from now on does not count
}

// body is what the two clients do differently.
type body interface {
	next() ([]byte, error)
	setIdle(time.Duration)
	close(reuse bool)
}

// Next gives the next bytes of the body, as many as have arrived but at least one. They are valid until the next call.
// The end is io.EOF; anything else is an *Error or ErrCanceled.
func (a *Answer) Next() ([]byte, error) {
	if a.counted { // an event more takes less than to look at the clock
		return a.body.next()
	}
	start := time.Now()
	defer func() { a.waited += time.Since(start) }()
	return a.body.next()
}

// Waited is how long Next has waited for bytes so far. From then on nobody looks at the clock any more.
func (a *Answer) Waited() time.Duration {
	a.counted = true
	return a.waited
}

// SetIdle changes the idle clock from the next read on. A read that it ends may be tried again with another clock.
func (a *Answer) SetIdle(d time.Duration) { a.body.setIdle(d) }

// Close gives the connection back if the body was read to its end, and cuts it otherwise.
func (a *Answer) Close() { a.body.close(true) }

// Abort cuts the connection.
func (a *Answer) Abort() { a.body.close(false) }

type framing uint8

const (
	fixedLength framing = iota
	chunked
	untilClose
)

// pooledBody reads a body through the connection's own buffer: what next gives out is that buffer.
type pooledBody struct {
	pool    *Pool
	conn    *pooledConn
	call    *Call
	framing framing
	left    int64 // of a fixed length
	chunks  chunks
	used    int // bytes in front of the buffer that the last next gave out
	idle    time.Duration
	due     time.Time // when the idle clock runs out
	keep    bool      // the connection may be used again after the end
	ended   bool
	closed  bool
}

func (b *pooledBody) next() ([]byte, error) {
	for {
		if b.used > 0 {
			_, _ = b.conn.br.Discard(b.used)
			b.used = 0
		}
		if b.ended {
			return nil, io.EOF
		}
		raw, err := b.fill()
		if err != nil {
			return nil, b.fault(err)
		}
		p, err := b.payload(raw)
		if err != nil {
			return nil, b.fault(err)
		}
		if len(p) > 0 {
			return p, nil
		}
	}
}

// fill waits until something is buffered and gives all that is.
func (b *pooledBody) fill() ([]byte, error) {
	br := b.conn.br
	if br.Buffered() == 0 {
		b.wind()
		if _, err := br.Peek(1); err != nil {
			return nil, err
		}
	}
	return br.Peek(br.Buffered())
}

// wind moves the idle deadline, but not for every event: a timer costs more than an event does.
func (b *pooledBody) wind() {
	if b.idle == 0 {
		return
	}
	now := time.Now()
	if b.due.Sub(now) < b.idle*3/4 {
		b.due = now.Add(b.idle)
		_ = b.conn.SetReadDeadline(b.due)
	}
}

func (b *pooledBody) payload(raw []byte) ([]byte, error) {
	switch b.framing {
	case chunked:
		n, consumed, err := b.chunks.compact(raw)
		b.used, b.ended = consumed, b.chunks.state == ended
		return raw[:n], err
	case fixedLength:
		n := min(int64(len(raw)), b.left)
		b.left -= n
		b.used, b.ended = int(n), b.left == 0
		return raw[:n], nil
	default:
		b.used = len(raw)
		return raw, nil
	}
}

func (b *pooledBody) fault(err error) error {
	if err == io.EOF && b.framing == untilClose {
		b.ended, b.keep = true, false
		return io.EOF
	}
	if b.call.Canceled() {
		return ErrCanceled
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &Error{Phase: Body, Timeout: isTimeout(err), Sent: true, Err: err}
}

func (b *pooledBody) setIdle(d time.Duration) {
	b.idle, b.due = d, time.Time{}
	if d == 0 {
		_ = b.conn.SetReadDeadline(time.Time{})
	}
}

func (b *pooledBody) close(reuse bool) {
	if b.closed {
		return
	}
	b.closed = true
	canceled := b.call.release()
	if b.used > 0 {
		_, _ = b.conn.br.Discard(b.used)
	}
	if reuse && b.ended && b.keep && !canceled && b.conn.br.Buffered() == 0 {
		b.pool.put(b.conn)
		return
	}
	b.conn.drop()
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// pooledConn is one keep-alive connection.
type pooledConn struct {
	net.Conn
	key   hostKey
	br    *bufio.Reader // nil while it is idle
	since time.Time     // when it became idle
	*look
	sockets *sockets // where it counts, until it is dropped
}

// drop closes a connection, once.
func (c *pooledConn) drop() {
	abort(c.Conn)
	c.sockets.give()
}
