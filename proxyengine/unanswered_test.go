package proxyengine

import (
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"crs/proxyengine/caller"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

// onClosed is a request that was read on a connection which was closed for others before it was handled.
func onClosed(t *testing.T, path string) *fasthttp.RequestCtx {
	t.Helper()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	seats := caller.NewConnections()
	seats.Resize(1)
	ln := seats.Listen(tcp)
	defer func() { _ = ln.Close() }()
	client, err := net.Dial("tcp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	caller.Drop(conn)
	ctx := new(fasthttp.RequestCtx)
	ctx.Init2(conn, quiet{}, true)
	ctx.Request.Header.SetMethod("POST")
	ctx.Request.SetRequestURI(path)
	return ctx
}

// TestNothingIsNeverAnAnswer: a client may see what is written on a connection while it is being closed, and 200 would be
// a lie.
func TestNothingIsNeverAnAnswer(t *testing.T) {
	t.Parallel()
	e := &Engine{routes: newRoutes([]Mount{
		{Protocol: anthropic.Protocol{}, Prefixes: []string{"/api"}}, {Protocol: gemini.Protocol{}, Prefixes: []string{"/gemini"}},
	})}
	handlers := map[string]func(*fasthttp.RequestCtx){
		"handle": e.handle,
		"expect": func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(e.expected(ctx)) },
	}
	for name, handle := range handlers {
		for path, says := range map[string]string{"/api/v1/messages": `"type":"error"`, "/gemini/v1beta/models/x:generateContent": `"UNAVAILABLE"`} {
			ctx := onClosed(t, path)
			handle(ctx)
			r := &ctx.Response
			if r.StatusCode() != 503 || !r.ConnectionClose() || len(r.Header.Peek("retry-after")) == 0 || !strings.Contains(string(r.Body()), says) {
				t.Errorf("%s %s: %s", name, path, r)
			}
		}
	}
}

// TestWhoIsThoughtGoneIsNotToldThatAllIsWell: one that only closed its sending half reads on.
func TestWhoIsThoughtGoneIsNotToldThatAllIsWell(t *testing.T) {
	t.Parallel()
	e := &Engine{opt: Options{Log: slog.New(slog.DiscardHandler), Now: time.Now}, failures: caller.NewFailures(time.Now), live: map[*exchange]struct{}{}}
	e.settings.Store(&Settings{})
	conn, client := net.Pipe()
	defer func() { _, _ = conn.Close(), client.Close() }()
	ctx := new(fasthttp.RequestCtx)
	ctx.Init2(conn, quiet{}, true)
	x := e.open(ctx)
	x.met, x.left, x.route.Local = true, true, provider.Canary
	ctx.SetUserValue(expecting, awaited{x})
	e.handle(ctx)
	if ctx.Response.StatusCode() != 503 || !ctx.Response.ConnectionClose() || !x.closed.Load() {
		t.Errorf("%s", &ctx.Response)
	}
}
