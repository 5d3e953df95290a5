package proxyengine

import (
	"net/netip"
	"strings"

	"crs/proxyengine/caller"
	"crs/proxyengine/provider"
)

// origin is the client's address: what a trusted proxy says it is, or else who is at the other end of the connection.
func (x *exchange) origin() netip.Addr {
	peer := caller.AddrOf(x.ctx.RemoteAddr())
	if len(x.settings.Proxies) == 0 {
		return peer
	}
	// The whole list counts: a proxy may have added a line instead of to the last one.
	return x.settings.Proxies.Origin(peer, strings.Join(valuesOf(&x.ctx.Request.Header, "x-forwarded-for"), ","))
}

// crowded reports whether the address has too many connections open, this one being the last.
func (x *exchange) crowded() bool {
	return caller.TooMany(acceptedConn(x.ctx.Conn()))
}

// checkRoom refuses a connection for which there is none, because each that is open has a request under way.
func (x *exchange) checkRoom() error {
	if !caller.NoRoom(acceptedConn(x.ctx.Conn())) {
		return nil
	}
	x.ctx.SetConnectionClose()
	return repeated{busy("the relay has as many connections as it can serve at once")}
}

// checkConnLimit refuses a connection of an address that has too many of them, unless it comes with a good key.
func (x *exchange) checkConnLimit() error {
	if !x.crowded() {
		return nil
	}
	x.ctx.SetConnectionClose()
	return repeated{fault(provider.RateLimited,
		"this address has too many connections open already; without a good key it may have %d at once (limits.connections_per_ip)", x.settings.ConnectionsPerIP)}
}

// checkAuthFailures gives what who presents nothing that is good here is told, for err. It counts against the address that it comes
// from: one with too many of them is told to wait, until its minute is over.
func (x *exchange) checkAuthFailures(err error) error {
	if err := x.checkConnLimit(); err != nil {
		return err
	}
	from := x.origin()
	if wait := x.e.failures.Refused(from); wait > 0 {
		return repeated{later(wait, fault(provider.RateLimited,
			"too many requests from this address had no good key; after %d within a minute, more of them are refused for the rest of that minute (limits.failed_auth)", x.settings.FailedAuth))}
	}
	if x.e.failures.Failed(from) {
		x.e.opt.Log.Warn("an address has sent too many requests without a good key, and its next ones without one are refused for the rest of a minute", "from", from, "failures", x.settings.FailedAuth)
	}
	return err
}

// repeated is a refusal of which there may be any number, from who is refused already: it is not worth a line of the log each.
type repeated struct{ error }

// Unwrap gives the refusal itself.
func (f repeated) Unwrap() error { return f.error }
