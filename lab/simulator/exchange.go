package simulator

import (
	"errors"
	"net"
	"strings"

	"github.com/valyala/fasthttp"

	"crs/lab/simulator/provider"
)

// exchange is one request and its answer.
type exchange struct {
	provider.Call
	out sender
}

// handle answers one request. It writes to the connection itself, so when it returns the answer is out.
func (s *Server) handle(ctx *fasthttp.RequestCtx) {
	c := ctx.Conn().(*conn)
	c.muted = false
	if strings.HasPrefix(string(ctx.Path()), controlPrefix) {
		s.control(ctx)
		return
	}
	if !s.serve(s.open(ctx, c)) {
		ctx.SetConnectionClose()
	}
	c.muted = true
}

func (s *Server) open(ctx *fasthttp.RequestCtx, c *conn) *exchange {
	h := &ctx.Request.Header
	x := &exchange{Call: provider.Call{
		Number: s.numbers.Add(1), At: s.options.Now(),
		Method: string(h.Method()), Path: string(ctx.URI().PathOriginal()), Query: string(ctx.URI().QueryString()),
		Header: provider.ReadHeaders(string(h.RawHeaders())), Body: ctx.Request.Body(),
	}}
	x.out = sender{conn: c, http10: !h.IsHTTP11(), closing: h.ConnectionClose(), call: &x.Call}
	return x
}

// serve answers x and reports whether the connection can be used again.
func (s *Server) serve(x *exchange) bool {
	s.decide(x)
	v := s.books.arrive(&x.Call, x.out.step)
	err := x.out.run(&x.Reply)
	s.books.end(&v, &x.Call, x.outcome(err))
	if err != nil {
		return false
	}
	if x.out.flush() != nil {
		s.books.end(&v, &x.Call, Canceled)
		return false
	}
	return !x.out.closing
}

// decide draws the step for x and renders the answer that the step may spoil.
func (s *Server) decide(x *exchange) {
	c := &x.Call
	x.out.step = &provider.Step{After: provider.NotGiven} // of what never gets as far as the script
	p, e := s.find(c)
	if e == nil {
		p = s.providers[0]
		c.Reply = p.Refusal(c, p.Failure(c, provider.StatusStep(404, "")))
		return
	}
	if e.Admit != nil {
		if f := e.Admit(c); f != nil {
			c.Reply = p.Refusal(c, *f)
			return
		}
	}
	c.Inference = e.Inference
	st := s.script.Load().next(c.Account, c.Path, c.Inference)
	x.out.step = st
	if st.Verb != provider.DoStatus {
		c.Reply = e.Answer(c, st)
	}
	if st.Verb == provider.DoStatus || st.Verb == provider.DoError && c.Reply.Stream == nil {
		c.Reply = p.Refusal(c, p.Failure(c, st))
	}
}

func (s *Server) find(c *provider.Call) (provider.Provider, *provider.Endpoint) {
	for _, p := range s.providers {
		if e := p.Find(c.Method, c.Path); e != nil && (e.When == nil || e.When(c)) {
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
