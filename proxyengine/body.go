package proxyengine

import (
	"errors"
	"io"
	"math/bits"
	"os"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"crs/proxyengine/provider"
)

// heldBody is the one copy of a request's body, kept as long as the request may have to be sent again.
type heldBody struct {
	budget *budget
	taken  int64
	buf    []byte
}

// release gives the memory back. Nothing may point into the body any more.
func (b *heldBody) release() {
	if b.budget == nil {
		return
	}
	putBuffer(b.buf)
	b.budget.give(b.taken)
	*b = heldBody{}
}

// readBody takes the body off the wire, within the limits of its size, of all bodies' size, and of time.
func (x *exchange) readBody() error {
	stream := x.ctx.RequestBodyStream()
	length := int64(x.ctx.Request.Header.ContentLength())
	if stream == nil || length == 0 {
		return nil
	}
	if length > x.settings.BodyMax {
		return x.tooLarge()
	}
	if err := x.reserve(max(length, smallest)); err != nil {
		return err
	}
	limit := x.settings.Body + time.Duration(max(length, 0)>>16)*time.Second
	start, waited := time.Now(), x.waited
	if err := x.ctx.SetReadDeadline(start.Add(limit)); err != nil {
		return x.unread(err)
	}
	var err error
	if length > 0 {
		err = x.readFixed(stream, int(length))
	} else {
		err = x.fill(stream, x.unread)
	}
	x.waited = waited + time.Since(start) // the client's sending
	if err == nil {
		err = x.decode()
	}
	if err != nil {
		return err
	}
	x.in.Body = x.body.buf
	return x.ctx.SetReadDeadline(time.Time{})
}

// reserve takes n bytes of the budget, on top of what the exchange has.
func (x *exchange) reserve(n int64) error {
	waited, err := x.e.bodies.take(x.life, n, x.settings.BodyWait)
	x.stoodIn(&x.ended.BodyQueue, waited)
	if errors.Is(err, errNoRoom) {
		x.ended.Refused = refusedBodyBudget
		return &provider.Fault{
			Status: fasthttp.StatusServiceUnavailable, Kind: provider.Unavailable, RetryAfter: time.Second,
			Message: "the relay's memory for request bodies (limits.body_budget) is in use by other requests; it waited " + x.settings.BodyWait.String(),
		}
	}
	if err != nil {
		return errGone
	}
	x.body.budget = x.e.bodies
	x.body.taken += n
	return nil
}

func (x *exchange) readFixed(stream io.Reader, length int) error {
	x.body.buf = getBuffer(length)[:length]
	if _, err := io.ReadFull(stream, x.body.buf); err != nil {
		return x.unread(err)
	}
	return nil
}

// fill reads what it does not know the length of: it reserves as much again whenever the buffer is full. failed says what
// an error of the stream's means.
func (x *exchange) fill(stream io.Reader, failed func(error) error) error {
	x.body.buf = getBuffer(smallest)[:0]
	for {
		buf := x.body.buf
		if len(buf) == cap(buf) {
			if int64(cap(buf)) >= x.settings.BodyMax {
				return x.tooLarge()
			}
			if err := x.reserve(int64(cap(buf))); err != nil {
				return err
			}
			x.body.buf = append(getBuffer(2 * cap(buf))[:0], buf...)
			putBuffer(buf)
			buf = x.body.buf
		}
		n, err := stream.Read(buf[len(buf):cap(buf)])
		x.body.buf = buf[:len(buf)+n]
		if int64(len(x.body.buf)) > x.settings.BodyMax {
			return x.tooLarge()
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return failed(err)
		}
	}
}

func (x *exchange) tooLarge() error {
	return fault(fasthttp.StatusRequestEntityTooLarge, provider.TooLarge, "the request body is larger than %d bytes (limits.body_max)", x.settings.BodyMax)
}

// unread says why a body did not arrive.
func (x *exchange) unread(err error) error {
	x.torn = true
	switch {
	case x.gone(), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errGone
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault(fasthttp.StatusRequestTimeout, provider.TooSlow, "the request body did not arrive in time (timeouts.body is %s, plus a second for each 64 KiB)", x.settings.Body)
	}
	return fault(fasthttp.StatusBadRequest, provider.BadRequest, "the request body cannot be read")
}

// skipBody takes what the client is still sending and drops it, for a while: a connection that is closed with bytes
// unread is reset, and the client would never see the answer.
func (x *exchange) skipBody() {
	stream := x.ctx.RequestBodyStream()
	if stream == nil || x.torn || x.gone() {
		return
	}
	if x.ctx.SetReadDeadline(time.Now().Add(skipFor)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, stream, 4*x.settings.BodyMax)
}

const skipFor = 5 * time.Second

// Buffers come in powers of two from smallest to largest; a larger one is made for its request alone.
const (
	smallest = 4 << 10
	largest  = 4 << 20
)

var buffers [11]sync.Pool // by power of two; largest is smallest<<10

// getBuffer gives a buffer with room for n bytes.
func getBuffer(n int) []byte {
	class := classOf(n)
	if class >= len(buffers) {
		return make([]byte, 0, n)
	}
	if b, ok := buffers[class].Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, smallest<<class)
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
