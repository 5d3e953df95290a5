package proxyengine

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/valyala/fasthttp"

	"crs/internal/bound"
	"crs/internal/key"
	"crs/proxyengine/caller"
	"crs/proxyengine/provider"
)

// handle serves one request.
func (e *Engine) handle(ctx *fasthttp.RequestCtx) {
	ctx.SetStatusCode(unanswered)
	if !caller.Serving(acceptedConn(ctx.Conn())) {
		e.turnAway(ctx)
		return
	}
	x := e.opened(ctx)
	defer x.spot.Leave()
	defer x.recoverPanic()
	if e.leaving.Load() {
		ctx.SetConnectionClose()
	}
	answer, err := x.relay()
	if x.key == nil {
		caller.Waiting(acceptedConn(ctx.Conn())) // who has shown no key makes room for others, also while it takes no answer
	}
	if err != nil && x.ahead {
		ctx.SetConnectionClose() // who sends on without looking what it is told, keeps the relay busy for nothing
	}
	x.finish(answer, err)
	x.holdBack()
}

// unanswered is the status of a request as long as nothing has answered it: fasthttp's own is 200, which a client would believe.
const unanswered = fasthttp.StatusServiceUnavailable

// turnAway answers on a connection that is being closed to make room for others: the answer may still get through.
func (e *Engine) turnAway(ctx *fasthttp.RequestCtx) {
	f := busy("this connection was closed to make room for others; try again")
	faultResponse(e.routes.protocol(string(ctx.Path())), f).send(ctx)
	ctx.SetConnectionClose()
}

// relay carries a request to an account and gives what its client is to be answered. Each line is one step, in the order in which they
// happen; close settles the account when the answer has been written.
func (x *exchange) relay() (*response, error) {
	if err := x.meet(); err != nil {
		return nil, err
	}
	if x.route.Local != provider.Relayed {
		return x.answerSelf()
	}
	if err := x.readBody(); err != nil {
		return nil, err
	}
	if err := x.understand(); err != nil {
		return nil, err
	}
	if err := x.admit(); err != nil {
		return nil, err
	}
	got, err := x.forward()
	if err != nil {
		return nil, err
	}
	return x.deliver(got), nil
}

// meet does what only needs the head. It has been done already for a client that waits to be told before it sends a body.
func (x *exchange) meet() error {
	if x.met {
		return nil
	}
	x.met = true
	err := x.parse()
	if err := cmp.Or(x.checkLineEnds(), err); err != nil {
		return err
	}
	if err := x.checkRoom(); err != nil {
		return err
	}
	switch x.route.Local {
	case provider.Hello, provider.Discard, provider.Canary: // they need no key
		return nil
	}
	if err := x.identify(); err != nil {
		return err
	}
	if x.route.Local != provider.Relayed {
		return nil
	}
	return x.enterGate()
}

// parse reads the head: what is asked for, in which protocol, and the key that was presented.
func (x *exchange) parse() error {
	h := &x.ctx.Request.Header
	method, path := string(h.Method()), string(x.ctx.Path())
	to := x.e.routes.find(method, path)
	x.route = to.route
	switch {
	case path == "/health":
		x.route.Local = provider.Hello
		return nil
	case method == fasthttp.MethodGet && wantsWebSocket(h):
		return fault(provider.UpgradeRequired, "this relay does not speak WebSocket; send the request over HTTP") // clients that try it first fall back
	case x.e.routes.canary(path):
		x.route.Local = provider.Canary
		x.in.Header, x.presented, x.in.Query = readHead(h, string(x.ctx.URI().QueryString()))
		return nil
	case !to.ok:
		_, x.presented, _ = readHead(h, "")
		return noRoute(method, path, to.otherMethod)
	}
	x.in.Method, x.in.Path, x.in.Param = method, path[len(x.route.mount):], to.param
	x.in.Header, x.presented, x.in.Query = readHead(h, string(x.ctx.URI().QueryString()))
	x.record.Service = x.route.service
	return nil
}

func noRoute(method, path string, otherMethod bool) error {
	method, path = bound.Cut(method, bound.Quote), bound.Cut(path, bound.Name)
	if otherMethod {
		return fault(provider.NotFound, "%s is not served at %s", method, path)
	}
	return fault(provider.NotFound,
		"there is nothing at %s; Claude's API is under /api and /claude, OpenAI's under /openai, Gemini's under /gemini, Azure's under /azure, Factory's under /droid", path)
}

// identify finds whose key it is. From here on the request is in flight, and its client's leaving is noticed.
// A good key is served whatever others do from the same address: an office or a reverse proxy may be behind it.
func (x *exchange) identify() error {
	k, err := x.e.opt.Keys.Verify(x.life, string(x.presented))
	if _, refused := errors.AsType[*key.Invalid](err); refused {
		return x.checkAuthFailures(err)
	}
	if err != nil {
		return err
	}
	if x.crowded() {
		x.ctx.SetConnectionClose()
	}
	x.key, x.memory.key, x.spot.key = k, k.ID, k.ID
	x.record.Key, x.record.KeyName = k.ID, k.Name
	x.setPhase(Reading)
	return x.enter()
}

// enterGate takes a slot of the key before its body takes memory: a key that is spent, or has too many requests already, is told
// so while it still sends.
func (x *exchange) enterGate() error {
	x.spot.Leave()
	x.setPhase(Queued)
	x.afterOthersLeft()
	x.holders[0] = x.key.Holder()
	permit, err := x.e.opt.Gate.Enter(x.life, x.holders[:])
	if err != nil {
		return x.goneOr(x.forGood(err))
	}
	x.permit = permit
	x.addQueueWait(&x.ended.KeyQueue, permit.Waited())
	x.setPhase(Reading)
	return nil
}

// understand looks at the body that has been read: what it wants, and whether the key may want that.
func (x *exchange) understand() error {
	var intent provider.Intent
	err := x.heavily(func() (err error) {
		intent, err = x.route.protocol.Inspect(x.route.Service, &x.in)
		return err
	})
	if err != nil {
		return err
	}
	if err := named(&intent); err != nil {
		return err
	}
	if x.presented.holds(intent.Model) {
		return fault(provider.BadRequest, "model: that is a key and no model's name")
	}
	x.intent = intent
	if x.intent.Client == "" && x.e.opt.Client != nil {
		x.intent.Client = x.e.opt.Client(x.in.Header)
	}
	r := &x.record
	r.Model, r.Client, r.Stream, r.Free = intent.Model, x.intent.Client, intent.Stream, intent.Free
	if err := x.key.Policy.Allows(x.intent.Client, intent.Model); err != nil {
		return err
	}
	return x.allowsBeside()
}

// named holds what a request names to its bounds. Whatever is kept of a request, is kept by these names.
func named(i *provider.Intent) error {
	if len(i.Model) > bound.Name {
		return fault(provider.BadRequest, "model: a model's name has at most %d bytes; this one is longer: %q", bound.Name, bound.Cut(i.Model, bound.Quote))
	}
	i.Session = conversation(i.Session)
	return nil
}

// admit passes the key's limits, now that it is known what the request wants, and writes down that it has been let in.
func (x *exchange) admit() error {
	x.setPhase(Queued)
	permit, err := x.permit.Charge(x.life, x.estimate())
	if err != nil {
		return x.goneOr(x.orForbidden(err))
	}
	if permit != x.permit {
		x.permit = permit
		x.addQueueWait(&x.ended.KeyQueue, permit.Waited())
	}
	if err := x.e.opt.Ledger.Open(&x.record); err != nil {
		return err
	}
	x.opened = true
	return nil
}

// goneOr gives errGone in the place of an error that came of the client's leaving.
func (x *exchange) goneOr(err error) error {
	if x.life.Err() == nil {
		return err
	}
	if x.gone() {
		return errGone
	}
	return fault(provider.Unavailable, "the relay is shutting down")
}

// recoverPanic keeps one request's panic from ending all the others.
func (x *exchange) recoverPanic() {
	r := recover()
	if r == nil {
		return
	}
	x.e.opt.Log.Error("a request panicked; this is a bug", "request", x.id, "panic", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
	x.log(slog.LevelDebug, "panic", "value", fmt.Sprint(r))
	x.finish(nil, fault(provider.Internal, "the relay failed; its log says more"))
}
