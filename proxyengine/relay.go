package proxyengine

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/valyala/fasthttp"

	"crs/internal/limit"
	"crs/internal/pricing"
	"crs/internal/usage"
	"crs/proxyengine/protocol/factory"
	"crs/proxyengine/provider"
)

// handle serves one request. Errors become answers here and nowhere else.
func (e *Engine) handle(ctx *fasthttp.RequestCtx) {
	x := e.open(ctx)
	defer x.survive()
	if e.leaving.Load() {
		ctx.SetConnectionClose()
	}
	if err := x.relay(); err != nil {
		x.fail(err)
	}
}

// relay carries a request to an account and starts the answer on its way back. Each line is one step, in the order in
// which they happen.
func (x *exchange) relay() error {
	presented, err := x.find()
	if err != nil {
		return err
	}
	if err := x.seat(); err != nil {
		return err
	}
	if x.route.Local == provider.Hello || x.route.Local == provider.Discard {
		return x.answerOpen()
	}
	if x.route.Local == provider.Canary {
		return x.answerCanary(presented)
	}
	if err := x.identify(presented); err != nil {
		return err
	}
	if x.route.Local != provider.Relayed {
		return x.answerSelf()
	}
	if err := x.inspect(); err != nil {
		return err
	}
	if err := x.admit(); err != nil {
		return err
	}
	answer, err := x.forward() // lends accounts until one answers
	if answer == nil {
		return err
	}
	x.deliver(answer) // streams and meters; closes the exchange when the last byte is out
	return nil
}

// find reads the head: what is asked for, in which protocol, and the key that was presented.
func (x *exchange) find() (presented string, err error) {
	h := &x.ctx.Request.Header
	method, path := string(h.Method()), string(x.ctx.Path())
	to := x.e.routes.find(method, path)
	x.route = to.route
	switch {
	case path == "/health":
		x.route.Local = provider.Hello
		return "", nil
	case method == fasthttp.MethodGet && wantsWebSocket(h):
		return "", noUpgrade()
	case x.e.routes.canary(path):
		x.route.Local = provider.Canary
		x.in.Header, presented, x.in.Query = readHead(h, string(x.ctx.URI().QueryString()))
		return presented, nil
	case !to.ok:
		return "", noRoute(method, path, to.otherMethod)
	}
	x.in.Method, x.in.Path, x.in.Param = method, path[len(x.route.mount):], to.param
	x.in.Header, presented, x.in.Query = readHead(h, string(x.ctx.URI().QueryString()))
	x.record.Service = x.route.service
	return presented, nil
}

func noRoute(method, path string, otherMethod bool) error {
	if otherMethod {
		return fault(fasthttp.StatusNotFound, provider.NotFound, "%s is not served at %s", method, path)
	}
	return fault(fasthttp.StatusNotFound, provider.NotFound,
		"there is nothing at %s; Claude's API is under /api and /claude, OpenAI's under /openai, Gemini's under /gemini, Azure's under /azure, Factory's under /droid", path)
}

// noUpgrade has clients that try a WebSocket first fall back to what the relay speaks.
func noUpgrade() error {
	return fault(fasthttp.StatusUpgradeRequired, provider.UpgradeRequired, "this relay does not speak WebSocket; send the request over HTTP")
}

// identify finds whose key it is. From here on the request is in flight, and its client's leaving is noticed.
func (x *exchange) identify(presented string) error {
	if err := x.patience(); err != nil {
		return err
	}
	k, err := x.e.opt.Keys.Verify(x.life, presented)
	if err != nil {
		return x.unknown(err)
	}
	x.key = k
	x.record.Key, x.record.KeyName = k.ID, k.Name
	x.reached(Reading)
	return x.enter()
}

// inspect reads the body, and in it what the request wants; and whether the key may want that.
func (x *exchange) inspect() error {
	if err := x.readBody(); err != nil {
		return err
	}
	intent, err := x.route.protocol.Inspect(x.route.Service, &x.in)
	if err != nil {
		return err
	}
	x.intent = intent
	if x.intent.Client == "" {
		x.intent.Client = factory.Client(x.in.Header)
	}
	r := &x.record
	r.Model, r.Client, r.Stream, r.Free = intent.Model, x.intent.Client, intent.Stream, intent.Free
	return x.key.Policy.Allows(x.intent.Client, intent.Model)
}

// admit passes the key's limits, and writes down that the request has been let in.
func (x *exchange) admit() error {
	x.reached(Queued)
	permit, err := x.e.opt.Gate.Admit(x.life, x.estimate())
	if err != nil {
		return x.goneOr(err)
	}
	x.permit = permit
	x.stoodIn(&x.ended.KeyQueue, permit.Waited())
	if err := x.e.opt.Ledger.Open(&x.record); err != nil {
		return err
	}
	x.opened = true
	return nil
}

// usualAnswer is how many tokens of an answer are held back for a request that may give many more: requests rarely use
// what they may, and holding all of it back would refuse others for nothing.
const usualAnswer = 1000

// estimate is the request at the gate, with what it may use.
func (x *exchange) estimate() limit.Ask {
	t := usage.Tokens{Input: x.intent.PromptTokens, Output: usualAnswer}
	if m := x.intent.MaxTokens; m > 0 {
		t.Output = min(m, usualAnswer)
	}
	cost, _ := x.price(x.intent.Model, t, pricing.Options{})
	return limit.Ask{Key: x.key, Tokens: t.Metered(), Cost: x.key.Policy.Charge(cost)}
}

// goneOr gives errGone in the place of an error that came of the client's leaving.
func (x *exchange) goneOr(err error) error {
	if x.life.Err() == nil {
		return err
	}
	if x.gone() {
		return errGone
	}
	return fault(fasthttp.StatusServiceUnavailable, provider.Unavailable, "the relay is shutting down")
}

// survive keeps one request's panic from ending all the others.
func (x *exchange) survive() {
	r := recover()
	if r == nil {
		return
	}
	x.e.opt.Log.Error("a request panicked; this is a bug", "request", x.id, "panic", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
	x.log(slog.LevelDebug, "panic", "value", fmt.Sprint(r))
	x.fail(fault(fasthttp.StatusInternalServerError, provider.Internal, "the relay failed; its log says more"))
}
