package simulator

import (
	"bytes"
	"errors"
	"net"

	"github.com/valyala/fasthttp"
)

// exchange is one request and its answer.
type exchange struct {
	call
	out sender
}

// handle answers one request. It writes to the connection itself, so when it returns the answer is out.
func (s *Server) handle(ctx *fasthttp.RequestCtx) {
	c := ctx.Conn().(*conn)
	c.muted = false
	if bytes.HasPrefix(ctx.Path(), []byte(controlPrefix)) {
		s.control(ctx)
		return
	}
	x := s.open(ctx, c)
	if !s.serve(x) {
		ctx.SetConnectionClose()
	}
	s.recycle(x)
	c.muted = true
}

func (s *Server) open(ctx *fasthttp.RequestCtx, c *conn) *exchange {
	x, ok := s.exchanges.Get().(*exchange)
	if !ok {
		x = &exchange{}
	}
	h := &ctx.Request.Header
	x.call = call{
		number: s.numbers.Add(1), at: s.options.Now(),
		method: h.Method(), path: ctx.URI().PathOriginal(), query: ctx.URI().QueryString(),
		header: h.RawHeaders(), body: ctx.Request.Body(),
		http10: !h.IsHTTP11(), closing: h.ConnectionClose(),
		scratch: x.scratch, event: x.event,
	}
	x.out = sender{conn: c, call: &x.call, date: s.dates.at(x.at), buf: x.out.buf}
	return x
}

// recycle keeps the buffers of x for the next request, unless a huge answer made them huge.
func (s *Server) recycle(x *exchange) {
	const big = 256 << 10
	if max(cap(x.scratch), cap(x.event), cap(x.out.buf)) > big {
		return
	}
	x.call = call{scratch: x.scratch[:0], event: x.event[:0]}
	x.out = sender{buf: x.out.buf[:0]}
	s.exchanges.Put(x)
}

// serve answers x and reports whether the connection can be used again.
func (s *Server) serve(x *exchange) bool {
	s.decide(x)
	v := s.books.arrive(&x.call, x.out.step)
	err := x.out.run(&x.reply)
	s.books.end(&v, &x.call, x.outcome(err))
	if err != nil {
		return false
	}
	if x.out.flush() != nil {
		s.books.end(&v, &x.call, Canceled)
		return false
	}
	return !x.closing
}

// decide draws the step for x and renders the answer that the step may spoil.
func (s *Server) decide(x *exchange) {
	c := &x.call
	x.out.step = refused
	p, e := s.find(c)
	if e == nil {
		p = s.providers[0]
		c.reply = p.refusal(c, p.failure(c, notFound))
		return
	}
	if f := e.admit(c); f != nil {
		c.reply = p.refusal(c, *f)
		return
	}
	c.inference = e.inference
	st := s.script.Load().next(c.account, c.path, c.inference)
	x.out.step = st
	if st.verb == vStatus {
		c.reply = p.refusal(c, p.failure(c, st))
		return
	}
	c.reply = e.answer(c, st)
	if st.verb == vError {
		x.addError(p)
	}
}

// addError prepares the error of an error step: an event, or where there is no stream the status that stands for it.
func (x *exchange) addError(p provider) {
	c, st := &x.call, x.out.step
	if c.reply.stream == nil {
		c.reply = p.refusal(c, p.failure(c, st))
		return
	}
	x.out.fault = p.errorEvent(c, st.word)
}

func (s *Server) find(c *call) (provider, *endpoint) {
	for _, p := range s.providers {
		if e := p.find(c.method, c.path); e != nil && (e.when == nil || e.when(c)) {
			return p, e
		}
	}
	return nil, nil
}

// outcome says how x ended when err stopped it.
func (x *exchange) outcome(err error) Outcome {
	switch {
	case errors.Is(err, errBroken), errors.Is(err, net.ErrClosed):
		return Faulted // by the step, or by Close
	case err != nil:
		return Canceled
	case x.out.spoilt:
		return Faulted
	}
	return Served
}
