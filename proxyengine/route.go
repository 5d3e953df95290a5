package proxyengine

import (
	"cmp"
	"slices"
	"strings"

	"crs/proxyengine/provider"
)

// routes finds what a path asks for. It is made once.
type routes struct {
	patterns []pattern // the longest literal text first, so that an exact path comes before those that it fits too
	prefixes []prefix  // the longest first
	first    provider.Protocol
}

type route struct {
	protocol provider.Protocol
	provider.Route
	mount string
	// service is the route's, with the mount's limit to some platforms: what an account must serve.
	service string
	// listed are the services by which the mount's accounts, and so its models, are found.
	listed []string
}

// pattern is a path, which may have a part that may be any text.
type pattern struct {
	before, after string
	open          bool // it has such a part
	route
}

type prefix struct {
	path     string
	protocol provider.Protocol
}

func newRoutes(mounts []Mount) routes {
	r := routes{first: mounts[0].Protocol}
	for _, m := range mounts {
		listed := m.services()
		for _, at := range m.Prefixes {
			r.prefixes = append(r.prefixes, prefix{at, m.Protocol})
			for _, to := range m.Protocol.Routes() {
				before, after, open := strings.Cut(at+to.Path, "{}")
				r.patterns = append(r.patterns, pattern{before, after, open, route{m.Protocol, to, at, m.limited(to.Service), listed}})
			}
		}
	}
	slices.SortStableFunc(r.prefixes, func(a, b prefix) int { return cmp.Compare(len(b.path), len(a.path)) })
	slices.SortStableFunc(r.patterns, func(a, b pattern) int {
		return cmp.Compare(len(b.before)+len(b.after), len(a.before)+len(a.after))
	})
	return r
}

// limited is a service as the mount's accounts serve it.
func (m *Mount) limited(service string) string {
	if service == "" || m.Only == "" {
		return service
	}
	return service + "@" + m.Only
}

func (m *Mount) services() []string {
	var all []string
	for _, to := range m.Protocol.Routes() {
		if s := m.limited(to.Service); s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// found is what a path asks for.
type found struct {
	route
	param string // what stands in the place of {}
	ok    bool
	// otherMethod: the path would do with another method.
	otherMethod bool
}

// find gives the route. When there is none it gives the protocol of the path, in whose words to say so.
func (r *routes) find(method, path string) found {
	f := found{route: route{protocol: r.protocol(path)}}
	for i := range r.patterns {
		p := &r.patterns[i]
		param, fits := p.match(path)
		switch {
		case fits && p.Method == method:
			return found{route: p.route, param: param, ok: true}
		case fits:
			f.otherMethod = true
		}
	}
	return f
}

func (p *pattern) match(path string) (param string, ok bool) {
	if !p.open {
		return "", path == p.before
	}
	if len(path) <= len(p.before)+len(p.after) || !strings.HasPrefix(path, p.before) || !strings.HasSuffix(path, p.after) {
		return "", false
	}
	return path[len(p.before) : len(path)-len(p.after)], true
}

// protocol is the one whose words fit a path best; the first mount's where none does.
func (r *routes) protocol(path string) provider.Protocol {
	for _, p := range r.prefixes {
		if path == p.path || strings.HasPrefix(path, p.path+"/") {
			return p.protocol
		}
	}
	return r.first
}
