package proxyengine

import (
	"errors"
	"net/netip"

	"github.com/valyala/fasthttp"

	"crs/internal/key"
	"crs/proxyengine/caller"
	"crs/proxyengine/hangup"
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

// seat refuses a connection of an address that has too many of them.
func (x *exchange) seat() error {
	conn, ok := hangup.From(x.ctx.Conn())
	if !ok || !caller.TooMany(conn.Conn) {
		return nil
	}
	x.ctx.SetConnectionClose()
	return flood{fault(fasthttp.StatusTooManyRequests, provider.RateLimited,
		"this address has too many connections open already; it may have %d at once (limits.connections_per_ip)", x.settings.ConnectionsPerIP)}
}

// patience refuses an address whose requests had no good key too often, before its next key is looked at.
func (x *exchange) patience() error {
	if !x.e.failures.Any() {
		return nil
	}
	wait := x.e.failures.Refused(x.origin())
	if wait <= 0 {
		return nil
	}
	f := fault(fasthttp.StatusTooManyRequests, provider.RateLimited,
		"too many requests from this address had no good key; after %d within a minute it is refused for the rest of that minute (limits.failed_auth)", x.settings.FailedAuth)
	f.RetryAfter = wait
	return flood{f}
}

// unknown counts a key that opens nothing against the address that it came from.
func (x *exchange) unknown(err error) error {
	var refused *key.Refused
	if errors.As(err, &refused) && x.e.failures.Failed(x.origin()) {
		x.e.opt.Log.Warn("an address is refused for the rest of a minute: too many of its requests have no good key", "from", x.origin(), "failures", x.settings.FailedAuth)
	}
	return err
}

// flood is a refusal of which there may be any number, from who is refused already: it is not worth a line of the log each.
type flood struct{ error }

// Unwrap gives the refusal itself.
func (f flood) Unwrap() error { return f.error }
