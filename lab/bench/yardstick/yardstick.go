// Package yardstick is the least that a reverse proxy on fasthttp can be: it passes requests on and answers back, without
// what belongs to a connection, and knows nothing else. What the relay costs is told in multiples of what this costs.
package yardstick

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Mode is how answers are passed on.
type Mode string

// The modes. The last two are fasthttp's ways to stream.
const (
	JSON         Mode = "json"          // whole
	StreamReader Mode = "stream-reader" // the server reads from the upstream (SetBodyStream)
	StreamWriter Mode = "stream-writer" // a goroutine of its own writes to the client (SetBodyStreamWriter)
)

// New makes a proxy for the upstream at addr. Requests take its pools of connections in turn; one is what a proxy has.
func New(mode Mode, addr string, pools int) (*fasthttp.Server, error) {
	switch {
	case mode != JSON && mode != StreamReader && mode != StreamWriter:
		return nil, fmt.Errorf("there is no mode %q: the modes are %s, %s and %s", mode, JSON, StreamReader, StreamWriter)
	case pools < 1:
		return nil, fmt.Errorf("a proxy has no %d pools of connections", pools)
	}
	p := proxy{mode: mode}
	for range pools {
		p.pools = append(p.pools, &fasthttp.HostClient{
			Addr: addr, MaxConns: 1 << 20, MaxIdleConnDuration: time.Minute, MaxIdemponentCallAttempts: 1,
			ReadBufferSize: 8 << 10, StreamResponseBody: mode != JSON,
			NoDefaultUserAgentHeader: true, DisableHeaderNamesNormalizing: true, DisablePathNormalizing: true,
		})
	}
	return &fasthttp.Server{
		Handler: p.relay, ReadBufferSize: 8 << 10, MaxRequestBodySize: 64 << 20,
		NoDefaultServerHeader: true, NoDefaultDate: true, DisableHeaderNamesNormalizing: true,
	}, nil
}

type proxy struct {
	mode  Mode
	pools []*fasthttp.HostClient
	turn  atomic.Uint64
}

func (p *proxy) upstream() *fasthttp.HostClient {
	if len(p.pools) == 1 {
		return p.pools[0]
	}
	return p.pools[p.turn.Add(1)%uint64(len(p.pools))]
}

func (p *proxy) relay(ctx *fasthttp.RequestCtx) {
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	ctx.Request.Header.CopyTo(&req.Header)
	req.Header.Del("Connection")
	req.SetBodyRaw(ctx.Request.Body())
	resp := &ctx.Response // the server passes on a body that is still a stream by reading from it
	if p.mode == StreamWriter {
		resp = fasthttp.AcquireResponse()
	}
	if err := p.upstream().Do(req, resp); err != nil {
		ctx.Error(err.Error(), fasthttp.StatusBadGateway)
		return
	}
	resp.Header.Del("Connection")
	if p.mode == StreamWriter {
		resp.Header.CopyTo(&ctx.Response.Header)
		ctx.SetBodyStreamWriter(func(w *bufio.Writer) { pump(w, resp) })
	}
}

// pump writes an answer's body as it comes.
func pump(w *bufio.Writer, resp *fasthttp.Response) {
	defer fasthttp.ReleaseResponse(resp)
	defer func() { _ = resp.CloseBodyStream() }()
	var buf [4 << 10]byte
	for {
		n, err := resp.BodyStream().Read(buf[:])
		_, failed := w.Write(buf[:n])
		if failed != nil || w.Flush() != nil || err != nil {
			return
		}
	}
}

// Serve runs a proxy for the upstream at addr on a port of its own, and tells out its address. When ctx ends it takes no
// more connections and returns; those that are open are left to the end of the process.
func Serve(ctx context.Context, mode Mode, addr string, pools int, out io.Writer) error {
	server, err := New(mode, addr, pools)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if _, err := fmt.Fprintln(out, listener.Addr()); err != nil {
		return fmt.Errorf("tell the address: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}
