package proxyengine

import (
	"strings"

	"crs/proxyengine/provider"
)

// routes finds what a path asks for. It is made once.
type routes struct {
	exact    map[routeKey]route
	prefixes []prefix // longest first is not needed: no prefix begins another's path segment
}

type routeKey struct{ method, path string }

type route struct {
	protocol provider.Protocol
	provider.Route
}

type prefix struct {
	path     string
	protocol provider.Protocol
}

func newRoutes(mounts []Mount) routes {
	r := routes{exact: map[routeKey]route{}}
	for _, m := range mounts {
		for _, at := range m.Prefixes {
			r.prefixes = append(r.prefixes, prefix{at, m.Protocol})
			for _, to := range m.Protocol.Routes() {
				r.exact[routeKey{to.Method, at + to.Path}] = route{m.Protocol, to}
			}
		}
	}
	return r
}

// find gives the route. When there is none it gives the protocol of the path, in whose words to say so, and whether the
// path would do with another method.
func (r *routes) find(method, path string) (found route, ok bool, otherMethod bool) {
	if found, ok = r.exact[routeKey{method, path}]; ok {
		return found, true, false
	}
	for key := range r.exact {
		otherMethod = otherMethod || key.path == path
	}
	return route{protocol: r.protocol(path)}, false, otherMethod
}

// protocol is the one whose words fit a path best; the first mount's where none does.
func (r *routes) protocol(path string) provider.Protocol {
	for _, p := range r.prefixes {
		if path == p.path || strings.HasPrefix(path, p.path+"/") {
			return p.protocol
		}
	}
	return r.prefixes[0].protocol
}
