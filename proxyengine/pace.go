package proxyengine

import (
	"io"
	"time"
)

// pace reads a body from a client that must not be too slow: it has so long to send it, and what it sends earns it more time,
// but never more than that from any moment on. A client that stops, or trickles, is cut off whatever it has declared.
type pace struct {
	stream io.Reader
	chunks *framing // nil if the body has a length
	conn   interface{ SetReadDeadline(time.Time) error }
	within time.Duration
	rate   int64 // bytes that earn a second; none do if it is 0

	due   time.Time // when the client is too slow
	armed time.Time // what the connection knows of that
	left  time.Time // when reading went on last; between two reads it is not the client that takes time
}

// Read implements io.Reader.
func (p *pace) Read(b []byte) (int, error) {
	now := time.Now()
	if p.left.IsZero() {
		p.due = now.Add(p.within)
	} else {
		p.due = p.due.Add(now.Sub(p.left))
	}
	if err := p.arm(); err != nil {
		return 0, err
	}
	n, err := p.take(b)
	p.left = time.Now()
	p.due = p.due.Add(p.earned(n))
	if latest := p.left.Add(p.within); p.due.After(latest) {
		p.due = latest
	}
	return n, err
}

// take reads a piece of the body.
func (p *pace) take(b []byte) (int, error) {
	if p.chunks == nil {
		return p.stream.Read(b)
	}
	b = b[:min(len(b), mostPiece)]
	p.chunks.next(len(b))
	n, err := p.stream.Read(b)
	return n, p.chunks.came(n, err)
}

// misframed reports whether reading ended for what stood around the body.
func (p *pace) misframed() bool { return p.chunks != nil && p.chunks.over }

// arm tells the connection, unless it knows nearly as much: a timer costs more than a read.
func (p *pace) arm() error {
	if p.due.Sub(p.armed) <= p.within/16 {
		return nil
	}
	p.armed = p.due
	return p.conn.SetReadDeadline(p.due)
}

func (p *pace) earned(n int) time.Duration {
	if p.rate <= 0 {
		return 0
	}
	return time.Duration(int64(n) * int64(time.Second) / p.rate)
}
