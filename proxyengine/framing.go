package proxyengine

import (
	"errors"
	"io"
)

// framing counts what is read of a connection while a body in chunks comes. Sizes, extensions and trailers are no part of the
// body, and fasthttp reads on through them for as long as they go on.
type framing struct {
	read int64 // of the connection
	from int64 // where the body began
	most int64 // up to where it may be read; 0 is without end
	body int64 // what has come of the body, with what may frame that
	last int64 // body's end: with what may frame the largest of bodies
	over bool  // more was asked for
	torn error // how the connection failed; fasthttp does not tell what it was, or takes a body that was cut off for a whole one
}

const (
	// leastFraming is how much may frame the smallest body. A larger one may have as much as it has bytes besides, up to an
	// eighth of limits.body_max: chunks of a few bytes cost far more than they bring.
	leastFraming = 64 << 10
	// mostFraming is how much may stand before a piece of a body, beyond what was read ahead.
	mostFraming = 256
	// mostPiece is how much of a body is read in one piece, so that what may frame it is little too.
	mostPiece = 64 << 10
)

// errFraming ends the reading of a body that is mostly something else.
var errFraming = errors.New("the body has more framing than it may have")

// begin is the end of a request's head. Until pieces are asked for, the body is somebody else's to drop, who gets that much.
func (f *framing) begin(bodyMax int64) {
	f.from = f.read
	f.body = f.read + leastFraming
	f.last = f.body + bodyMax/8
	f.most = f.body
}

// next allows what the next piece of the body may take, of at most n bytes.
func (f *framing) next(n int) {
	f.most = min(f.read+mostFraming, f.body, f.last) + int64(n)
}

// came is told how much of the body that piece was, and gives its error.
func (f *framing) came(n int, err error) error {
	f.body += 2 * int64(n)
	f.last += int64(n)
	if err != nil && f.torn != nil {
		return f.torn
	}
	return err
}

// around is how much has come that is none of the body.
func (f *framing) around() int64 { return f.read - f.from - (f.body-f.from-leastFraming)/2 }

// see is told of each read of the connection.
func (f *framing) see(n int, err error) {
	f.read += int64(n)
	switch {
	case n > 0 || err == nil:
	case err == io.EOF:
		f.torn = io.ErrUnexpectedEOF
	default:
		f.torn = err
	}
}

// lift lets everything be read: nobody reads it as chunks any more.
func (f *framing) lift() { f.most = 0 }

// full reports whether nothing more may be read.
func (f *framing) full() bool {
	if f.most == 0 || f.read <= f.most {
		return false
	}
	f.over = true
	return true
}
