package proxyengine

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"crs/internal/account"
	"crs/internal/bound"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/outage"
	"crs/internal/usage"
	"crs/proxyengine/caller"
	"crs/proxyengine/provider"
)

// errGone means that the client has left: nobody's fault, nothing to answer.
var errGone = errors.New("the client left")

// statuses are what each kind of fault is answered with.
var statuses = [...]int{
	provider.BadRequest: 400, provider.Unauthorized: 401, provider.Spent: 402, provider.Forbidden: 403, provider.NotFound: 404, provider.TooSlow: 408,
	provider.TooLarge: 413, provider.UpgradeRequired: 426, provider.RateLimited: 429, provider.Internal: 500, provider.BadGateway: 502,
	provider.Unavailable: 503, provider.GatewayTimeout: 504,
}

func fault(kind provider.FaultKind, format string, args ...any) *provider.Fault {
	return &provider.Fault{Status: statuses[kind], Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// busy is a fault that passes in a moment.
func busy(format string, args ...any) *provider.Fault {
	return later(time.Second, fault(provider.Unavailable, format, args...))
}

// later gives a fault with when to try again.
func later(after time.Duration, f *provider.Fault) *provider.Fault {
	f.RetryAfter = after
	return f
}

// kindOfStatus is what an upstream's status says, in no protocol's words.
func kindOfStatus(status int) provider.FaultKind {
	kind := provider.FaultKind(max(slices.Index(statuses[:], status), 0))
	switch {
	case status == 529:
		return provider.Unavailable
	case status >= 500 && (kind == provider.BadRequest || kind == provider.Internal):
		return provider.BadGateway
	case kind == provider.UpgradeRequired:
		return provider.BadRequest
	}
	return kind
}

// faultOf says what an error means: to the client, and to who counts refusals in a word of Refusals. There is none for a failure of
// the relay's or the upstream's.
func faultOf(err error) (f *provider.Fault, word string) {
	var (
		own     *provider.Fault
		refused *key.Invalid
		denied  *key.NotAllowed
		limited *limit.Exceeded
		none    *account.NoneReady
		away    *outage.Error
	)
	switch {
	case errors.As(err, &own):
		return own, wordOf(own.Status)
	case errors.As(err, &refused):
		return fault(provider.Unauthorized, "%s", refused), refusedKey + string(refused.Reason)
	case errors.As(err, &denied) && denied.What == "client":
		return fault(provider.Forbidden, "%s", denied), refusedClient
	case errors.As(err, &denied):
		return fault(provider.Forbidden, "%s", denied), refusedModel
	case errors.As(err, &limited) && limited.Spent():
		return later(limited.RetryAfter, fault(provider.Spent, "%s", limited)), limited.Word()
	case errors.As(err, &limited):
		return later(limited.RetryAfter, fault(provider.RateLimited, "%s", limited)), limited.Word()
	case errors.As(err, &none):
		return noneFault(none)
	case errors.As(err, &away):
		return later(outage.RetryAfter, fault(provider.Unavailable,
			"the relay cannot count limits together with its other nodes without Redis, and was told to refuse requests until it can (redis.on_outage)").Because(err)), refusedUnavailable
	case errors.Is(err, usage.ErrNotWritable): // names no cause: that is the operator's
		return later(usage.TriesAgain, fault(provider.Unavailable,
			"the relay cannot write down what requests cost, because its disk takes nothing, and serves none until it can; it tries again all the time")), refusedLedger
	}
	return fault(provider.Internal, "the relay failed; its log says more").Because(err), ""
}

// wordOf is the word for a fault that the relay has made itself.
func wordOf(status int) string {
	word := map[int]string{
		fasthttp.StatusNotFound: refusedRoute, fasthttp.StatusRequestTimeout: refusedBodyTime, fasthttp.StatusRequestEntityTooLarge: refusedBodySize,
		fasthttp.StatusServiceUnavailable: refusedUnavailable,
	}[status]
	if word == "" && status < 500 {
		return refusedRequest
	}
	return word
}

// noneFault: what waiting cannot change is a refusal, the rest is trouble that may pass.
func noneFault(n *account.NoneReady) (f *provider.Fault, word string) {
	switch {
	case n.OwnClients():
		return fault(provider.Forbidden,
			"the only accounts for this are subscriptions, which serve only their provider's own clients; use such a client, or have the operator add an API-key account"), refusedOwnClients
	case n.Permissions() != nil:
		return fault(provider.Forbidden, "this key may use %s accounts only, and those that serve this are others; the operator can permit more: crs key edit NAME --permissions LIST",
			strings.Join(n.Permissions(), " and ")), refusedPlatform
	case n.Lacking():
		return provider.NoModel(), refusedNoModel
	case n.Model():
		return fault(provider.Forbidden, "no account here serves this model"), refusedNoModel
	}
	return later(n.RetryAfter, fault(provider.Unavailable, "%s", noneFree(n)).Because(n)), refusedNoAccount
}

// noneFree says whether waiting helps. How many accounts there are, and what stands against them, is the operator's.
func noneFree(n *account.NoneReady) string {
	switch {
	case n.RetryAfter > 0:
		return fmt.Sprintf("no account is free for this just now; try again in %.0f s", math.Ceil(n.RetryAfter.Seconds()))
	case n.Passing():
		return "no account is free for this just now; try again in a moment"
	case n.Accounts() == 0 || n.Unserved():
		return "no account here serves this; the relay's operator can add one"
	}
	return "no account here can serve this, and waiting does not change it; the relay's operator can see why"
}

// refuse gives the answer to a request that came to nothing, and writes down why; nil when nobody is there to be answered.
func (x *exchange) refuse(err error) *response {
	if errors.Is(err, errGone) || x.gone() {
		x.ctx.SetConnectionClose()
		x.log(x.deserted(), "client left", "phase", x.phase().String(), "after", x.elapsed())
		return nil
	}
	f, word := faultOf(err)
	if x.unseen && f.Cause == nil {
		f.Cause = errUnseen
	}
	f.Request, f.Message = x.id, bound.Cut(x.presented.without(f.Message), bound.Message)
	x.record.Status, x.record.Error = f.Status, bound.Cut(f.Error(), bound.Message)
	x.ended.Refused = cmp.Or(x.ended.Refused, word)
	x.noteWaits(err)
	x.skipBody()
	level := slog.LevelInfo
	var many repeated
	switch {
	case f.Status >= 500:
		level = slog.LevelWarn
	case errors.As(err, &many), x.key == nil && f.Status == fasthttp.StatusNotFound: // strangers may send as many as they like
		level = slog.LevelDebug
	}
	x.log(level, "refused", "status", f.Status, "error", x.record.Error, "path", string(x.ctx.Path()), "from", x.origin())
	return faultResponse(x.route.protocol, f)
}

// noteWaits notes for how long a request that was refused had stood in a queue for nothing, and which accounts could not serve it.
func (x *exchange) noteWaits(err error) {
	var limited *limit.Exceeded
	var none *account.NoneReady
	if errors.As(err, &limited) {
		x.addQueueWait(&x.ended.KeyQueue, limited.Waited)
	}
	if errors.As(err, &none) {
		x.addQueueWait(&x.ended.AccountQueue, none.Waited)
		x.record.Passed = x.e.passed(none)
	}
}

// faultResponse is a fault in a protocol's words.
func faultResponse(p provider.Protocol, f *provider.Fault) *response {
	r := &response{status: f.Status, retryAfter: f.RetryAfter}
	r.contentType, r.body = p.Fault(f)
	if f.Request != "" {
		r.header = provider.Header{{Name: "request-id", Value: f.Request}}
	}
	return r
}

// refuseHead answers what fasthttp could not read.
func (e *Engine) refuseHead(ctx *fasthttp.RequestCtx, err error) {
	var timeout interface{ Timeout() bool }
	var small *fasthttp.ErrSmallBuffer
	f := fault(provider.BadRequest, "the request is not HTTP/1.1 as this relay reads it")
	switch {
	case errors.As(err, &small):
		f = fault(provider.TooLarge, "the request's head is larger than %d bytes (limits.header_max)", e.settings.Load().HeaderMax)
		f.Status = fasthttp.StatusRequestHeaderFieldsTooLarge
	case errors.As(err, &timeout) && timeout.Timeout():
		f = fault(provider.TooSlow, "the request did not arrive in time (timeouts.header)")
	}
	faultResponse(e.routes.protocol(string(ctx.Path())), f).send(ctx)
	e.holdBackFrom(ctx, caller.AddrOf(ctx.RemoteAddr()))
	ctx.SetConnectionClose()
}

// few is up to how many accounts every refusal names each of them in the log. With more, only one refusal a second does:
// a flood of refusals must not become a flood of text.
const few = 64

func (e *Engine) passed(n *account.NoneReady) []usage.Passed {
	if n.Accounts() > few {
		last, now := e.listed.Load(), time.Now().UnixNano()
		if now-last < int64(time.Second) || !e.listed.CompareAndSwap(last, now) {
			return nil
		}
	}
	sights := n.Sights()
	all := make([]usage.Passed, 0, len(sights))
	for _, s := range sights {
		all = append(all, usage.Passed{Account: s.ID, Name: s.Name, Reason: s.Reason.String(), Until: s.Until.UTC(), Detail: s.Detail})
	}
	return all
}
