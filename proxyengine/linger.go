package proxyengine

import (
	"bufio"
	"io"
	"net"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"crs/proxyengine/caller"
)

const (
	// lingerFor is how long a client may go on sending a body that nobody wants: a connection that is closed with bytes unread
	// is reset, and the client might never see its answer.
	lingerFor = 5 * time.Second
	// mostLingering is how many clients may do so at once.
	mostLingering = 1024
	// unread is up to how much of a body fasthttp takes off the wire itself, behind the answer.
	unread = 256 << 10
)

// skipBody has the answer sent before the body has come: a client that looks sees it while it still sends. What it sends on
// is dropped for a while, and then the connection is closed. The exchange has ended by then: nothing is held for it.
func (x *exchange) skipBody() {
	if x.ctx.RequestBodyStream() == nil && !x.unasked || x.read || x.torn || x.gone() {
		return
	}
	if x.ctx.SetReadDeadline(time.Now().Add(lingerFor)) != nil {
		return
	}
	caller.Waiting(acceptedConn(x.ctx.Conn())) // from here on it makes room for others
	length := int64(x.ctx.Request.Header.ContentLength())
	if 0 <= length && length <= unread && !x.hasty && !x.unasked && !x.closes() {
		return // the connection can be used again
	}
	x.ctx.SetConnectionClose()
	// A client that writes before it reads sees the answer once all that it announced is taken.
	e, most := x.e, max(length, x.settings.BodyMax)
	if e.lingering.Add(1) > mostLingering {
		e.lingering.Add(-1)
		return
	}
	if c := x.pace.chunks; c != nil {
		c.lift()
	}
	if x.pace.misframed() {
		most = unread
	}
	ctx, conn := x.ctx, x.ctx.Conn()
	ctx.HijackSetNoResponse(true) // fasthttp would close the connection right behind it
	ctx.Hijack(func(c net.Conn) {
		defer e.lingering.Add(-1)
		_ = c.SetDeadline(time.Now().Add(lingerFor))
		w := bufio.NewWriter(c)
		if ctx.Response.Write(w) == nil && w.Flush() == nil {
			endAnswers(conn)
			_, _ = io.CopyN(io.Discard, c, most)
		}
	})
}

// closes reports whether the connection ends with this exchange, as its client or the relay wants it: fasthttp then leaves the body
// on the wire, however short it is.
func (x *exchange) closes() bool {
	return x.ctx.Request.Header.ConnectionClose() || x.ctx.Response.Header.ConnectionClose()
}

// endAnswers tells a client that nothing more comes, while it may still send.
func endAnswers(conn net.Conn) {
	if _, secure := conn.(*secureConn); !secure {
		conn = acceptedConn(conn)
	}
	if c, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite() // what it sends is read all the same
	}
}

// foldExpect has fasthttp see an Expect that is not written as it would write it: names are left as they came.
func foldExpect(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	for name, value := range h.All() {
		if len(name) == len(fasthttp.HeaderExpect) && string(name) != fasthttp.HeaderExpect && strings.EqualFold(string(name), fasthttp.HeaderExpect) {
			h.SetBytesV(fasthttp.HeaderExpect, value)
			break
		}
	}
	return fasthttp.RequestConfig{}
}

// expected looks at the head of a request whose client waits to be told before it sends the body: a refusal then costs
// neither side the body.
func (e *Engine) expected(ctx *fasthttp.RequestCtx) (status int) {
	if !caller.Serving(acceptedConn(ctx.Conn())) {
		e.turnAway(ctx)
		return ctx.Response.StatusCode()
	}
	x := e.open(ctx)
	ctx.SetUserValue(expecting, awaited{x})
	defer func() { status = ctx.Response.StatusCode() }()
	defer x.spot.Leave()
	defer x.recoverPanic()
	ctx.SetStatusCode(fasthttp.StatusContinue)
	if err := x.meet(); err != nil {
		ctx.SetStatusCode(fasthttp.StatusBadRequest) // for a client that has left
		x.unasked = true
		x.finish(nil, err)
		x.holdBack()
	}
	return
}

// expecting is the user value under which fasthttp keeps an exchange whose client was told to send.
const expecting = "exchange"

// awaited is such an exchange.
type awaited struct{ *exchange }

// Close implements io.Closer: fasthttp calls it when the request is over, even if its client left before the handler began.
func (a awaited) Close() error {
	a.close()
	return nil
}

// opened gives the exchange of a request: that which was begun when the client asked whether to send, or a new one.
func (e *Engine) opened(ctx *fasthttp.RequestCtx) *exchange {
	if a, ok := ctx.UserValue(expecting).(awaited); ok {
		return a.exchange
	}
	return e.open(ctx)
}
