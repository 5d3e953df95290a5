package model_test

import (
	"testing"

	"crs/internal/model"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"claude-opus-4-8", "claude-opus-4-8", true},
		{"claude-opus-4-8", "Claude-Opus-4-8", true},
		{"claude-opus-4-8", "claude-opus-4-8[1m]", true},
		{"claude-opus-4-8[1m]", "claude-opus-4-8", true},
		{"claude-opus-4", "claude-opus-4-8", false},
		{"claude-opus-*", "claude-opus-4-8[1m]", true},
		{"claude-opus-*", "claude-sonnet-5", false},
		{"*opus*", "claude-opus-5", true},
		{"*opus", "claude-opus-5", false},
		{"claude-*-5", "claude-haiku-4-5", true},
		{"a*a", "a", false},
		{"*", "", true},
		{"*", "anything", true},
		{"", "anything", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
	} {
		if got := model.Match(c.pattern, c.name); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}
