package gemini

import (
	"strings"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// conversation tells which conversation a request belongs to by what stays the same from turn to turn: the system
// instruction and the first thing said. "" when there is neither.
func conversation(r *Request) string {
	first := r.Contents.Raw
	if len(first) > 0 && first[0] == '[' {
		first = jsonscan.First(first)
	}
	if r.System.Raw == nil && len(first) == 0 {
		return ""
	}
	return provider.Digest(r.System.Raw, first)
}

// Family is the name by which quotas know a model. Google counts each model on its own, but not each of its revisions.
func Family(name string) string {
	name = strings.TrimSuffix(strings.ToLower(bare(name)), "-latest")
	for _, revision := range []string{"-00-0000", "-00-00", "-000"} {
		if short, ok := cutDigits(name, revision); ok {
			return short
		}
	}
	return name
}

// cutDigits removes a suffix of the shape of pattern, in which 0 is any digit.
func cutDigits(name, pattern string) (string, bool) {
	at := len(name) - len(pattern)
	if at <= 0 {
		return name, false
	}
	for i := range pattern {
		c := name[at+i]
		if pattern[i] == '0' && (c < '0' || c > '9') || pattern[i] != '0' && c != pattern[i] {
			return name, false
		}
	}
	return name[:at], true
}
