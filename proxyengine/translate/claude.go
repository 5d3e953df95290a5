package translate

import (
	"strings"

	"crs/internal/model"
)

// version is a model's, as far as its name tells.
type version struct{ major, minor int }

func (v version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

// versionIn reads the first number of a name as a version: 4-6, 4.6, 2.5, 5. Dates are none. Not found: zero.
func versionIn(name string) (v version) {
	found := false
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '-' || r == '.' || r == '_' || r == '@' || r == ':' || r == '/' }) {
		n, ok := small(part)
		switch {
		case ok && found:
			v.minor = n
			return v
		case ok:
			v.major, found = n, true
		case found:
			return v
		}
	}
	return v
}

func small(s string) (n int, ok bool) {
	if len(s) == 0 || len(s) > 2 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// claude is what can be said to a model of Anthropic's, or to one that is served in its protocol.
type claude struct {
	known   bool // it is a Claude
	version version
	always  bool // it thinks, whatever one says
}

func claudeNamed(name string) claude {
	_, rest, found := strings.Cut(strings.ToLower(model.Base(name)), "claude")
	c := claude{known: found, version: versionIn(rest)}
	c.always = found && (strings.Contains(rest, "fable") || strings.Contains(rest, "mythos"))
	if found && c.version.major == 0 {
		c.version = version{major: 99} // a name without a number is the newest one's
	}
	return c
}

// adaptive models decide by themselves how long they think, and are told an effort; others are given a budget.
func (c claude) adaptive() bool { return c.known && c.version.atLeast(4, 6) }

// thinks reports whether a model can think at all. Others than Claude are taken to understand a budget.
func (c claude) thinks() bool { return !c.known || c.version.atLeast(3, 7) }

// samples reports whether a model takes temperature and top_p. From 4.7 on a request with them is refused.
func (c claude) samples() bool { return !c.known || !c.version.atLeast(4, 7) }

// schemas reports whether a model can be held to a JSON schema.
func (c claude) schemas() bool { return !c.known || c.version.atLeast(4, 1) }

// room is how many tokens an answer may have when the client did not say: the protocol wants a number.
func (c claude) room() int64 {
	switch {
	case c.known && !c.version.atLeast(3, 5):
		return 4096
	case c.known && !c.version.atLeast(3, 7):
		return 8192
	}
	return 32000
}

// level is the nearest effort that an adaptive model knows.
func (c claude) level(level string) string {
	switch {
	case level == "minimal":
		return "low"
	case level == "xhigh" && !c.version.atLeast(4, 7):
		return "high"
	}
	return level
}

// budget is how many tokens an effort is worth to a model that is given a budget: protocols.md, I.1.
func budget(level string) int64 {
	switch level {
	case "minimal", "low":
		return 1024
	case "medium":
		return 8192
	}
	return 24576
}

// levelOf is the effort that a budget stands for.
func levelOf(e effort) string {
	switch {
	case e.level != "" || e.budget == 0:
		return e.level
	case e.budget <= 1024:
		return "low"
	case e.budget <= 8192:
		return "medium"
	}
	return "high"
}
