// Package model reads model names, as far as that needs no provider.
package model

import "strings"

// Match reports whether name fits pattern: the name itself, or a pattern in which each * stands for any text. Case does
// not matter, and neither does the [1m] that clients append to ask for a longer context.
func Match(pattern, name string) bool {
	name = Base(name)
	if !strings.Contains(pattern, "*") {
		return strings.EqualFold(Base(pattern), name)
	}
	if prefix := pattern[:len(pattern)-1]; !strings.Contains(prefix, "*") && pattern[len(pattern)-1] == '*' { // the usual form
		return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
	}
	parts := strings.Split(strings.ToLower(Base(pattern)), "*")
	name = strings.ToLower(name)
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[last])
}

// MatchAny reports whether name fits one of the patterns.
func MatchAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if Match(p, name) {
			return true
		}
	}
	return false
}

// Base is name without the [1m].
func Base(name string) string { return strings.TrimSuffix(name, "[1m]") }
