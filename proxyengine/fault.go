package proxyengine

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
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

func fault(status int, kind provider.FaultKind, format string, args ...any) *provider.Fault {
	return &provider.Fault{Status: status, Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// faultOf says what an error means to the client: one status for each kind of refusal.
func faultOf(err error) *provider.Fault {
	var (
		own     *provider.Fault
		refused *key.Refused
		denied  *key.Denied
		limited *limit.Refused
		none    *account.NoneReady
		away    *outage.Error
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refused):
		return fault(fasthttp.StatusUnauthorized, provider.Unauthorized, "%s", refused)
	case errors.As(err, &denied):
		return fault(fasthttp.StatusForbidden, provider.Forbidden, "%s", denied)
	case errors.As(err, &limited):
		return limitFault(limited)
	case errors.As(err, &none):
		return noneFault(none)
	case errors.As(err, &away):
		return awayFault(err)
	case errors.Is(err, usage.ErrNotWritable):
		return unwrittenFault()
	}
	return fault(fasthttp.StatusInternalServerError, provider.Internal, "the relay failed; its log says more").Because(err)
}

// unwrittenFault names no cause: that is the operator's.
func unwrittenFault() *provider.Fault {
	f := fault(fasthttp.StatusServiceUnavailable, provider.Unavailable,
		"the relay cannot write down what requests cost, because its disk takes nothing, and serves none until it can; it tries again all the time")
	f.RetryAfter = usage.TriesAgain
	return f
}

func awayFault(err error) *provider.Fault {
	f := fault(fasthttp.StatusServiceUnavailable, provider.Unavailable,
		"the relay cannot count limits together with its other nodes without Redis, and was told to refuse requests until it can (redis.on_outage)").Because(err)
	f.RetryAfter = outage.RetryAfter
	return f
}

func limitFault(r *limit.Refused) *provider.Fault {
	f := fault(fasthttp.StatusTooManyRequests, provider.RateLimited, "%s", r)
	if r.Spent() {
		f.Status, f.Kind = fasthttp.StatusPaymentRequired, provider.Spent
	}
	f.RetryAfter = r.RetryAfter
	return f
}

// noneFault: what waiting cannot change is a refusal, the rest is trouble that may pass.
func noneFault(n *account.NoneReady) *provider.Fault {
	switch {
	case n.OwnClients():
		return fault(fasthttp.StatusForbidden, provider.Forbidden,
			"the only accounts for this are subscriptions, which serve only their provider's own clients; use such a client, or have the operator add an API-key account")
	case n.Permissions() != nil:
		return fault(fasthttp.StatusForbidden, provider.Forbidden, "this key may use %s accounts only, and those that serve this are others; the operator can permit more: crs key edit NAME --permissions LIST",
			strings.Join(n.Permissions(), " and "))
	case n.Lacking():
		return provider.NoModel()
	case n.Model():
		return fault(fasthttp.StatusForbidden, provider.Forbidden, "no account here serves this model")
	}
	f := fault(fasthttp.StatusServiceUnavailable, provider.Unavailable, "%s", noneFree(n)).Because(n)
	f.RetryAfter = n.RetryAfter
	return f
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

// kindOfStatus is what an upstream's status says, in no protocol's words.
func kindOfStatus(status int) provider.FaultKind {
	switch status {
	case fasthttp.StatusUnauthorized:
		return provider.Unauthorized
	case fasthttp.StatusPaymentRequired:
		return provider.Spent
	case fasthttp.StatusForbidden:
		return provider.Forbidden
	case fasthttp.StatusNotFound:
		return provider.NotFound
	case fasthttp.StatusRequestTimeout:
		return provider.TooSlow
	case fasthttp.StatusRequestEntityTooLarge:
		return provider.TooLarge
	case fasthttp.StatusTooManyRequests:
		return provider.RateLimited
	case fasthttp.StatusServiceUnavailable, 529:
		return provider.Unavailable
	case fasthttp.StatusGatewayTimeout:
		return provider.GatewayTimeout
	}
	if status >= 500 {
		return provider.BadGateway
	}
	return provider.BadRequest
}

// fail answers an exchange that came to nothing, writes down why, and closes it.
func (x *exchange) fail(err error) {
	defer x.close()
	if errors.Is(err, errGone) || x.gone() {
		x.ctx.SetConnectionClose()
		x.log(x.deserted(), "client left", "phase", x.phase().String(), "after", x.elapsed())
		return
	}
	f := faultOf(err)
	if x.unseen && f.Cause == nil {
		f.Cause = errUnseen
	}
	f.Request, f.Message = x.id, bound.Cut(x.presented.without(f.Message), bound.Message)
	x.record.Status, x.record.Error = f.Status, bound.Cut(f.Error(), bound.Message)
	x.turnedDown(err, f)
	var none *account.NoneReady
	if errors.As(err, &none) {
		x.record.Passed = x.e.passed(none)
	}
	x.skipBody()
	x.say(f)
	level := slog.LevelInfo
	var many flood
	switch {
	case f.Status >= 500:
		level = slog.LevelWarn
	case errors.As(err, &many), x.key == nil && f.Status == fasthttp.StatusNotFound: // strangers may send as many as they like
		level = slog.LevelDebug
	}
	x.log(level, "refused", "status", f.Status, "error", x.record.Error, "path", string(x.ctx.Path()), "from", x.origin())
}

// say writes a fault as the answer.
func (x *exchange) say(f *provider.Fault) { sayFault(x.ctx, x.route.protocol, f) }

func sayFault(ctx *fasthttp.RequestCtx, p provider.Protocol, f *provider.Fault) {
	contentType, body := p.Fault(f)
	h := &ctx.Response.Header
	ctx.SetStatusCode(f.Status)
	h.SetContentType(contentType)
	if f.Request != "" {
		h.Set("request-id", f.Request)
	}
	if f.RetryAfter > 0 {
		h.Set("retry-after", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	ctx.SetBody(body)
}

// refuseHead answers what fasthttp could not read.
func (e *Engine) refuseHead(ctx *fasthttp.RequestCtx, err error) {
	var timeout interface{ Timeout() bool }
	var small *fasthttp.ErrSmallBuffer
	f := fault(fasthttp.StatusBadRequest, provider.BadRequest, "the request is not HTTP/1.1 as this relay reads it")
	switch {
	case errors.As(err, &small):
		f = fault(fasthttp.StatusRequestHeaderFieldsTooLarge, provider.TooLarge, "the request's head is larger than %d bytes (limits.header_max)", e.settings.Load().HeaderMax)
	case errors.As(err, &timeout) && timeout.Timeout():
		f = fault(fasthttp.StatusRequestTimeout, provider.TooSlow, "the request did not arrive in time (timeouts.header)")
	}
	sayFault(ctx, e.routes.protocol(string(ctx.Path())), f)
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
