package proxyengine

import (
	"errors"
	"io"
	"math/bits"
	"os"
	"sync"
	"time"

	"crs/proxyengine/hangup"
	"crs/proxyengine/provider"
)

// readBody takes the body off the wire, within the limits of its size, of what its key may hold, and of time.
func (x *exchange) readBody() error {
	stream := x.ctx.RequestBodyStream()
	length := int64(x.ctx.Request.Header.ContentLength())
	if stream == nil || length == 0 {
		return nil
	}
	if length > x.settings.BodyMax {
		return x.tooLarge()
	}
	start, waited := time.Now(), x.waited
	x.pace = pace{stream: stream, chunks: x.pace.chunks, conn: x.ctx, within: x.settings.Body, rate: x.settings.BodyRate}
	conn, _ := hangup.From(x.ctx.Conn())
	err := x.fill(&inPieces{from: &x.pace, spot: &x.spot, conn: conn, chunks: x.pace.chunks}, length, x.unread)
	x.waited = waited + time.Since(start) // the client's sending
	x.read = err == nil
	if err == nil {
		err = x.decode()
	}
	if err != nil {
		return err
	}
	return x.ctx.SetReadDeadline(time.Time{})
}

// reserve takes n bytes of the budget, on top of what the exchange has. It waits for them if it must.
func (x *exchange) reserve(of purpose, n int64) error {
	x.spot.Leave()
	if x.turn.budget != nil {
		return x.takeUnpacking(of, n)
	}
	return x.take(&x.memory, of, n)
}

// take waits until w has n more, and gives what the client is told when that cannot be, or has left.
func (x *exchange) take(w *reservation, of purpose, n int64) error {
	waited, err := w.take(x.life, of, n, x.settings.BodyWait)
	x.addQueueWait(&x.ended.BodyQueue, waited)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errNoRoom):
		return x.noRoom()
	}
	return errGone
}

// noRoom refuses a request for which there is no memory.
func (x *exchange) noRoom() error {
	x.ended.Refused = refusedBodyBudget
	return busy(
		"the relay's memory for requests (limits.body_budget) is in use by others, or by this key's own; a request waits for it up to %s (limits.body_wait)", x.settings.BodyWait)
}

// releaseBody gives the body back, and the memory that it took. Nothing may point into the body any more.
func (x *exchange) releaseBody() {
	if x.in.Body == nil {
		return
	}
	putBuffer(x.in.Body)
	x.in.Body = nil
	x.memory.drop(forBody)
	x.promised.close()
}

// fill reads a body into x.in.Body: of length bytes, or to its end when that is negative. failed says what an error of the
// stream's means.
func (x *exchange) fill(stream io.Reader, length int64, failed func(error) error) error {
	if err := x.grow(nextSize(0, length, x.settings.BodyMax), length); err != nil {
		return err
	}
	for {
		n, err := stream.Read(x.in.Body[len(x.in.Body):cap(x.in.Body)])
		x.in.Body = x.in.Body[:len(x.in.Body)+n]
		got := int64(len(x.in.Body))
		switch {
		case got > x.settings.BodyMax:
			return x.tooLarge()
		case got == length, err == io.EOF && length < 0:
			return nil
		case err == io.EOF:
			return failed(io.ErrUnexpectedEOF)
		case err != nil:
			return failed(err)
		}
		if got == int64(cap(x.in.Body)) {
			if err := x.grow(nextSize(got, length, x.settings.BodyMax), length); err != nil {
				return err
			}
		}
	}
}

// nextSize is how large a buffer follows one of had bytes that is full. It goes by what has arrived: a length that a client
// only declares is worth nothing.
func nextSize(had, length, most int64) int64 {
	switch {
	case length >= 0:
		return min(length, max(4*had, small))
	case had == 0:
		return smallest
	}
	return min(2*had, most+1)
}

// promise waits until a body may grow to n bytes: a key with many bodies that have grown halfway could finish none of them.
// What is promised is no memory. It only has others of the same key wait, and leaves other keys as much as is left.
func (x *exchange) promise(n int64) error {
	x.promised.close()
	x.promised = reservation{budget: x.e.promises, key: x.memory.key}
	return x.take(&x.promised, forBody, growing(n))
}

// growing is what a body of n bytes needs at most: its last buffer, and the one before.
func growing(n int64) int64 { return n + n/2 }

// grow moves what has arrived of a body to a buffer with room for size bytes.
func (x *exchange) grow(size, length int64) error {
	size = sizeOf(size)
	if size > small && x.promised.budget == nil {
		if length < 0 {
			length = x.settings.BodyMax
		}
		if err := x.promise(length); err != nil {
			return err
		}
	}
	if err := x.reserve(forBody, size); err != nil {
		return err
	}
	old := x.in.Body
	x.in.Body = x.spot.move(x.spot.buffer(int(size)), old)
	if old != nil {
		putBuffer(old)
		x.memory.give(forBody, int64(cap(old)))
	}
	return nil
}

func (x *exchange) tooLarge() error {
	return fault(provider.TooLarge, "the request body is larger than %d bytes (limits.body_max)", x.settings.BodyMax)
}

// unread says why a body did not arrive.
func (x *exchange) unread(err error) error {
	if x.pace.misframed() {
		return fault(provider.BadRequest,
			"the request body comes in chunks whose sizes, extensions and trailers are too long for it; send larger chunks, or a content-length")
	}
	x.torn = true
	switch {
	case x.gone(), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errGone
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault(provider.TooSlow,
			"the request body comes too slowly: within %s (timeouts.body) it was neither whole nor as much as %d bytes a second (limits.body_rate)", x.settings.Body, x.settings.BodyRate)
	}
	return fault(provider.BadRequest, "the request body cannot be read")
}

// Buffers come in powers of two from smallest to largest; a larger one is made for its request alone.
const (
	smallest = 4 << 10
	largest  = 256 << 10
)

var buffers [7]sync.Pool // by power of two; largest is smallest<<6

// sizeOf is how large the buffer is that getBuffer gives for n bytes.
func sizeOf(n int64) int64 {
	if n > largest {
		return n
	}
	return smallest << classOf(int(n))
}

// getBuffer gives a buffer with room for n bytes.
func getBuffer(n int) []byte {
	if n > largest {
		return make([]byte, 0, n)
	}
	if b, ok := buffers[classOf(n)].Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, sizeOf(int64(n)))
}

// putBuffer takes one back that getBuffer gave out.
func putBuffer(b []byte) {
	if c := cap(b); c >= smallest && c <= largest && c&(c-1) == 0 {
		b = b[:0]
		buffers[classOf(c)].Put(&b)
	}
}

func classOf(n int) int {
	if n <= smallest {
		return 0
	}
	return bits.Len(uint(n-1)) - bits.Len(uint(smallest-1))
}

// largestBody is what a body of the largest size needs, that one byte too many included.
func largestBody(s *Settings) int64 { return growing(s.BodyMax + 1) }
