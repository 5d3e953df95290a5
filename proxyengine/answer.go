package proxyengine

import (
	"io"
	"math"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"crs/proxyengine/provider"
)

// response is what a client is answered with, whoever made it: an account or the relay.
type response struct {
	status      int
	contentType string
	header      provider.Header // besides those that the other fields say
	retryAfter  time.Duration
	body        []byte
	stream      *stream // in the place of body
}

// stream is an answer that is written as it comes, on the connection's own goroutine, after the handler has returned.
type stream struct {
	length int // in bytes; -1 when only its end will tell
	write  func(io.Writer) (int64, error)
	end    func(error)
}

// finish answers the client, whatever came of its request: nothing else does once its head has been read. Nobody will be asked again, so
// the request's body goes. An answer that is written as it comes ends the exchange with its last byte; any other ends it here.
func (x *exchange) finish(r *response, err error) {
	if err != nil {
		r = x.refuse(err)
	}
	x.releaseBody()
	if r != nil {
		r.send(x.ctx)
	}
	if r == nil || r.stream == nil {
		x.close()
	}
}

// send has fasthttp write it.
func (r *response) send(ctx *fasthttp.RequestCtx) {
	ctx.SetStatusCode(r.status)
	h := &ctx.Response.Header
	for _, f := range r.header {
		h.Add(f.Name, f.Value)
	}
	if r.contentType != "" {
		h.SetContentType(r.contentType)
	}
	if r.retryAfter > 0 {
		h.Set("retry-after", strconv.Itoa(int(math.Ceil(r.retryAfter.Seconds()))))
	}
	if r.stream != nil {
		ctx.SetBodyStream(r.stream, r.stream.length)
		return
	}
	ctx.SetBody(r.body)
}

// unbuffered asks whatever lies before the relay to pass a stream on as it comes.
func unbuffered() provider.Header {
	return provider.Header{{Name: "cache-control", Value: "no-cache"}, {Name: "x-accel-buffering", Value: "no"}}
}

var _ fasthttp.BodyWriterTo = (*stream)(nil)

// Read is not used: SupportsBodyWriteTo says so.
func (*stream) Read([]byte) (int, error) { return 0, io.EOF }

// SupportsBodyWriteTo has fasthttp call WriteTo.
func (*stream) SupportsBodyWriteTo() bool { return true }

// WriteTo implements io.WriterTo.
func (s *stream) WriteTo(w io.Writer) (int64, error) { return s.write(w) }

// CloseWithError is called by fasthttp exactly once, whatever becomes of the connection.
func (s *stream) CloseWithError(err error) error {
	s.end(err)
	return nil
}
