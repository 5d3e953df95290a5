// Package caller knows clients by their addresses: which one a request comes from when a reverse proxy is in between, how many
// connections each has open, and which of them fail to present a good key again and again.
//
// Addresses of this machine itself are never limited: what is behind them is a proxy that nobody told of, or the operator. Of
// an IPv6 address the first 64 bits count, which is what one customer has.
package caller

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Trust is the proxies whose word is taken for who the client is. Nil trusts nobody.
type Trust []netip.Prefix

// ParseTrust reads addresses and networks with commas between them.
func ParseTrust(list string) (Trust, error) {
	var t Trust
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		if word == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(word)
		if err != nil {
			addr, err := netip.ParseAddr(word)
			if err != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", word)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		t = append(t, prefix.Masked())
	}
	return t, nil
}

func (t Trust) has(addr netip.Addr) bool {
	return slices.ContainsFunc(t, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Origin is the client's address. Each proxy adds who connected to it at the end of the list, so that it is read from there
// for as long as it was a trusted proxy that wrote it.
func (t Trust) Origin(peer netip.Addr, forwardedFor string) netip.Addr {
	for forwardedFor != "" && t.has(peer) {
		rest, last := "", forwardedFor
		if i := strings.LastIndexByte(forwardedFor, ','); i >= 0 {
			rest, last = forwardedFor[:i], forwardedFor[i+1:]
		}
		addr, ok := parse(strings.TrimSpace(last))
		if !ok {
			return peer
		}
		peer, forwardedFor = addr, rest
	}
	return peer
}

// parse reads an address as proxies write it: alone, in brackets, or with a port.
func parse(text string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	both, err := netip.ParseAddrPort(text)
	return both.Addr().Unmap().WithZone(""), err == nil
}

// AddrOf is the address of a connection's other end; the zero Addr when that has none.
func AddrOf(remote net.Addr) netip.Addr {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}

// Whole is what is counted as one client.
func Whole(addr netip.Addr) netip.Addr {
	if !addr.Is6() {
		return addr
	}
	p, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return p.Addr()
}

// exempt is who is never limited by address.
func exempt(addr netip.Addr) bool { return !addr.IsValid() || addr.IsLoopback() }
