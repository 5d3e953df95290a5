package proxyengine

import (
	"strings"

	"github.com/valyala/fasthttp"

	"crs/proxyengine/provider"
)

// readHead copies what a provider may see out of a request's head, and finds the key that was presented. Everything that
// is between the client and the relay only stays behind: the key, cookies, hop-by-hop fields, who forwarded it.
func readHead(h *fasthttp.RequestHeader, query string) (header provider.Header, presented, rest string) {
	n, size := 0, 0
	for name, value := range h.All() {
		n, size = n+1, size+len(name)+len(value)
	}
	var text strings.Builder
	text.Grow(size)
	header = make(provider.Header, 0, n)
	var found credentials
	var nominated string
	for name, value := range h.All() {
		start := text.Len()
		text.Write(name)
		text.Write(value)
		all := text.String() // the builder was grown to size, so every String shares one array
		f := provider.Field{Name: all[start : start+len(name)], Value: all[start+len(name):]}
		switch what := kindOf(f.Name); what {
		case forwardable:
			header = append(header, f)
		case connection:
			nominated += "," + strings.ToLower(f.Value)
		case private:
		default:
			found.offer(what, f.Value)
		}
	}
	if query != "" {
		query = found.fromQuery(query)
	}
	return dropNominated(header, nominated), found.best(), query
}

// wantsWebSocket reports whether a client asks for another protocol than HTTP. Names are as they came.
func wantsWebSocket(h *fasthttp.RequestHeader) bool {
	for name, value := range h.All() {
		if strings.EqualFold(string(name), "upgrade") && strings.EqualFold(string(value), "websocket") {
			return true
		}
	}
	return false
}

// kind is what a header field is to the relay.
type kind uint8

// Where a key may be presented comes first, in the order in which it is looked for.
const (
	apiKey kind = iota
	googKey
	bearer
	azureKey
	queryKey
	forwardable
	private
	connection
)

func kindOf(name string) kind {
	var buf [64]byte
	switch string(provider.Lower(&buf, name)) {
	case "x-api-key":
		return apiKey
	case "x-goog-api-key":
		return googKey
	case "authorization":
		return bearer
	case "api-key":
		return azureKey
	case "connection":
		return connection
	case "host", "content-length", "transfer-encoding", "te", "trailer", "keep-alive", "upgrade", "expect", "accept-encoding",
		"proxy-authorization", "proxy-authenticate", "proxy-connection", "cookie", "cookie2", "forwarded", "via", "x-real-ip",
		"true-client-ip", "cdn-loop", "x-client-ip", "x-cluster-client-ip", "fastly-client-ip", "x-request-start":
		return private
	}
	if hasPrefixFold(name, "x-forwarded-") || hasPrefixFold(name, "cf-") || hasPrefixFold(name, "x-original-") {
		return private
	}
	return forwardable
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// dropNominated removes the fields that Connection names as its own.
func dropNominated(header provider.Header, nominated string) provider.Header {
	if nominated == "" {
		return header
	}
	kept := header[:0]
	for _, f := range header {
		if !strings.Contains(strings.ReplaceAll(nominated, " ", "")+",", ","+strings.ToLower(f.Name)+",") {
			kept = append(kept, f)
		}
	}
	return kept
}

// credentials collects what was presented. A program may send another provider's key beside ours; one that has our shape
// is preferred.
type credentials [queryKey + 1]string

func (c *credentials) offer(where kind, value string) {
	if where == bearer {
		scheme, token, ok := strings.Cut(value, " ")
		if !ok || !strings.EqualFold(scheme, "bearer") {
			token = value
		}
		value = token
	}
	if value = strings.TrimSpace(value); c[where] == "" {
		c[where] = value
	}
}

func (c *credentials) best() string {
	first := ""
	for _, v := range c {
		if strings.HasPrefix(v, "cr_") {
			return v
		}
		if first == "" {
			first = v
		}
	}
	return first
}

// fromQuery takes key=… out of a query and gives the rest as it was written.
func (c *credentials) fromQuery(query string) string {
	if !strings.Contains(query, "key=") {
		return query
	}
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		if value, ok := strings.CutPrefix(part, "key="); ok {
			c.offer(queryKey, value)
			continue
		}
		kept = append(kept, part)
	}
	return strings.Join(kept, "&")
}
