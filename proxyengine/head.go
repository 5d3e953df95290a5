package proxyengine

import (
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"crs/internal/key"
	"crs/proxyengine/provider"
)

// readHead copies what a provider may see out of a request's head, and finds the key that was presented. Everything that
// is between the client and the relay only stays behind: the key, cookies, hop-by-hop fields, who forwarded it.
func readHead(h *fasthttp.RequestHeader, query string) (header provider.Header, _ presented, rest string) {
	all := provider.CopyHeader(h.All())
	header = all[:0]
	var found credentials
	var nominated strings.Builder
	for _, f := range all {
		switch what := kindOf(f.Name); what {
		case forwardable:
			header = append(header, f)
		case connection:
			nominated.WriteString("," + f.Value)
		case private:
		default:
			found.offer(what, f.Value)
		}
	}
	if query != "" {
		found.fromQuery(query)
	}
	presented := presented(found.best())
	if query != "" {
		query = presented.withoutKey(query)
	}
	return presented.withoutKeys(dropNominated(header, nominated.String())), presented, query
}

// wantsWebSocket reports whether a client asks for another protocol than HTTP.
func wantsWebSocket(h *fasthttp.RequestHeader) bool {
	return slices.ContainsFunc(valuesOf(h, "upgrade"), func(value string) bool { return strings.EqualFold(value, "websocket") })
}

// valuesOf gives the values of a field, in whatever case its name came.
func valuesOf(h *fasthttp.RequestHeader, name string) (values []string) {
	for n, value := range h.All() {
		if len(n) == len(name) && strings.EqualFold(string(n), name) {
			values = append(values, string(value))
		}
	}
	return values
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
	names := map[string]bool{}
	for name := range strings.SplitSeq(nominated, ",") {
		names[strings.ToLower(strings.TrimSpace(name))] = true
	}
	return slices.DeleteFunc(header, func(f provider.Field) bool { return names[strings.ToLower(f.Name)] })
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
		if strings.HasPrefix(v, key.Prefix) {
			return v
		}
		if first == "" {
			first = v
		}
	}
	return first
}

// fromQuery looks for a parameter that presents a key. Of several, one that has our shape is preferred.
func (c *credentials) fromQuery(query string) {
	for _, part := range splitQuery(query) {
		value, is := keyParameter(part)
		if scheme, token, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "bearer") {
			value = token
		}
		if is && strings.HasPrefix(value, key.Prefix) && !strings.HasPrefix(c[queryKey], key.Prefix) {
			c[queryKey] = ""
		}
		if is {
			c.offer(queryKey, value)
		}
	}
}
