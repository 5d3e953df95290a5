package proxyengine

import (
	"net/url"
	"strings"

	"crs/internal/key"
	"crs/internal/usage"
	"crs/proxyengine/provider"
	"crs/proxyengine/scrub"
)

// presented is the text that a client gave for its key, which may be anything. It goes nowhere: not upstream in a head, and
// into no log or record, in whichever spelling it stands there and wherever the client put it once more.
type presented string

// holds reports whether text has a key in it: the one that was presented, or another that looks like the relay's. Nearly no
// text does, which a quick look tells.
func (p presented) holds(text string) bool {
	return p.may(text) && scrub.Presented(string(p), key.Prefix, key.Masked).Text(text) != text
}

// without is text with the keys in it masked, and with what may be one that has lost its prefix.
func (p presented) without(text string) string {
	if !p.may(text) {
		return text
	}
	return scrub.Keys(string(p), key.Prefix, key.Masked).Text(text)
}

// may is quick, and true for everything that has a key in it: no spelling of one is shorter than the key without its prefix.
func (p presented) may(text string) bool {
	least := len(p)
	if len(p) >= len(key.Prefix)+scrub.ShortestKey {
		least -= len(key.Prefix)
	}
	if len(text) < len(key.Prefix)+scrub.ShortestKey && (p == "" || len(text) < least) {
		return false
	}
	run := longest(text)
	return run >= scrub.ShapedKey || p != "" && run >= least || hasPrefixed(text) || p != "" && strings.Contains(text, string(p)) || strings.ContainsAny(text, `%\&`)
}

// hasPrefixed reports whether the relay's prefix of keys is in text, in letters of any case.
func hasPrefixed(text string) bool {
	for {
		before, after, found := strings.Cut(text, "_")
		if !found {
			return false
		}
		if n := len(before) - len("cr"); n >= 0 && strings.EqualFold(before[n:], "cr") {
			return true
		}
		text = after
	}
}

// longest is how long the longest run in text is of what base64 is written in.
func longest(text string) (most int) {
	run := 0
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/', c == '-', c == '_':
			run++
			most = max(most, run)
		default:
			run = 0
		}
	}
	return most
}

// withoutKeys gives a header without the fields that have a key in them, by whichever name.
func (p presented) withoutKeys(header provider.Header) provider.Header {
	kept := header[:0]
	for _, f := range header {
		if !p.holds(f.Value) && !p.holds(f.Name) {
			kept = append(kept, f)
		}
	}
	return kept
}

// keyNames are the parameters of a query that present a key, in small letters. The first ones are offered as the relay's.
var keyNames = []string{"key", "api_key", "apikey", "api-key", "x-api-key", "x-goog-api-key", "access_token", "authorization"}

// splitQuery gives the parameters of a query, each with the separator that stands before it.
func splitQuery(query string) (parts []string) {
	start := 0
	for i := range len(query) {
		if query[i] == '&' || query[i] == ';' {
			parts = append(parts, query[start:i])
			start = i
		}
	}
	return append(parts, query[start:])
}

// keyParameter gives what a parameter presents for a key, if it does.
func keyParameter(part string) (value string, is bool) {
	name, value, _ := strings.Cut(strings.TrimLeft(part, "&;"), "=")
	name = strings.ToLower(strings.TrimSpace(decodedQuery(name)))
	for _, known := range keyNames {
		if name == known {
			return decodedQuery(value), true
		}
	}
	return "", false
}

// decodedQuery takes percent-encoding off, however often it was put on.
func decodedQuery(text string) string {
	for range 4 {
		plain, err := url.QueryUnescape(text)
		if err != nil || plain == text {
			break
		}
		text = plain
	}
	return text
}

// withoutKey gives a query as it was written, without the parameters that present or hold a key.
func (p presented) withoutKey(query string) string {
	var kept strings.Builder
	for _, part := range splitQuery(query) {
		if _, is := keyParameter(part); is || p.holds(part) {
			continue
		}
		if kept.Len() == 0 {
			part = strings.TrimLeft(part, "&;")
		}
		kept.WriteString(part)
	}
	return kept.String()
}

// masked is an argument of a line of the log without keys.
func (p presented) masked(arg any) any {
	switch v := arg.(type) {
	case string:
		return p.without(v)
	case error:
		return p.without(v.Error())
	}
	return arg
}

// mask takes keys out of what a record says.
func (p presented) mask(r *usage.Record) {
	for _, text := range []*string{&r.Model, &r.Upstream, &r.Client, &r.Error, &r.Why} {
		*text = p.without(*text)
	}
	for i := range r.Attempts {
		r.Attempts[i].Error = p.without(r.Attempts[i].Error)
	}
	if p.holds(string(r.Raw)) {
		r.Raw = nil
	}
}
