package proxyengine

import (
	"errors"
	"net/netip"
	"time"

	"github.com/valyala/fasthttp"

	"crs/internal/key"
	"crs/proxyengine/caller"
	"crs/proxyengine/provider"
)

// origin is the client's address: what a trusted proxy says it is, or else who is at the other end of the connection.
func (x *exchange) origin() netip.Addr {
	peer := caller.AddrOf(x.ctx.RemoteAddr())
	if len(x.settings.Proxies) == 0 {
		return peer
	}
	return x.settings.Proxies.Origin(peer, forwardedFor(&x.ctx.Request.Header))
}

// forwardedFor is the whole list: a proxy may have added a line instead of to the last one.
func forwardedFor(h *fasthttp.RequestHeader) string {
	list := ""
	for name, value := range h.All() {
		switch {
		case len(name) != len("x-forwarded-for") || !hasPrefixFold(string(name), "x-forwarded-for"):
		case list == "":
			list = string(value)
		default:
			list += "," + string(value)
		}
	}
	return list
}

// crowded reports whether the address has too many connections open, this one being the last.
func (x *exchange) crowded() bool {
	return caller.TooMany(below(x.ctx.Conn()))
}

// room refuses a connection for which there is none, because each that is open has a request under way.
func (x *exchange) room() error {
	if !caller.NoRoom(below(x.ctx.Conn())) {
		return nil
	}
	x.ctx.SetConnectionClose()
	full := fault(fasthttp.StatusServiceUnavailable, provider.Unavailable, "the relay has as many connections as it can serve at once")
	full.RetryAfter = time.Second
	return flood{full}
}

// seat refuses a connection of an address that has too many of them, unless it comes with a good key.
func (x *exchange) seat() error {
	if !x.crowded() {
		return nil
	}
	x.ctx.SetConnectionClose()
	return flood{fault(fasthttp.StatusTooManyRequests, provider.RateLimited,
		"this address has too many connections open already; without a good key it may have %d at once (limits.connections_per_ip)", x.settings.ConnectionsPerIP)}
}

// unknown is what comes of a key that could not be verified.
func (x *exchange) unknown(err error) error {
	var refused *key.Refused
	if !errors.As(err, &refused) {
		return err
	}
	return x.stranger(err)
}

// stranger is what who presents nothing that is good here is told. It counts against the address that it comes from: one with
// too many of them is told to wait, until its minute is over.
func (x *exchange) stranger(err error) error {
	if err := x.seat(); err != nil {
		return err
	}
	from := x.origin()
	if wait := x.e.failures.Refused(from); wait > 0 {
		return x.impatient(wait)
	}
	if x.e.failures.Failed(from) {
		x.e.opt.Log.Warn("an address has sent too many requests without a good key, and its next ones without one are refused for the rest of a minute", "from", from, "failures", x.settings.FailedAuth)
	}
	return err
}

func (x *exchange) impatient(wait time.Duration) error {
	f := fault(fasthttp.StatusTooManyRequests, provider.RateLimited,
		"too many requests from this address had no good key; after %d within a minute, more of them are refused for the rest of that minute (limits.failed_auth)", x.settings.FailedAuth)
	f.RetryAfter = wait
	return flood{f}
}

// flood is a refusal of which there may be any number, from who is refused already: it is not worth a line of the log each.
type flood struct{ error }

// Unwrap gives the refusal itself.
func (f flood) Unwrap() error { return f.error }
