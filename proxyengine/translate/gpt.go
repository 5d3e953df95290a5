package translate

import (
	"strings"

	"crs/internal/model"
)

// gpt is what can be said to a model in OpenAI's protocols.
type gpt struct {
	known   bool // it is one of OpenAI's
	version version
	o       bool // of the o series
	codex   bool
	max     bool // gpt-5.1-codex-max, the first to know xhigh
}

func gptNamed(name string) (g gpt) {
	name = strings.ToLower(model.Base(name))
	name = name[strings.LastIndexByte(name, '/')+1:]
	g.codex, g.max = strings.Contains(name, "codex"), strings.Contains(name, "codex-max")
	if rest, ok := strings.CutPrefix(strings.TrimPrefix(name, "chat"), "gpt-"); ok {
		g.known, g.version = true, versionIn(leadingDigits(rest))
		return g
	}
	if len(name) > 1 && name[0] == 'o' && '1' <= name[1] && name[1] <= '9' {
		return gpt{known: true, o: true}
	}
	g.known = g.codex
	return g
}

// leadingDigits cuts 5.2-codex to 5.2, and 4o to 4.
func leadingDigits(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 0 {
		return s
	}
	return s[:end]
}

// reasons reports whether a model is known to think: only such a one takes an effort, and none of them a temperature.
func (g gpt) reasons() bool { return g.o || g.codex || g.version.atLeast(5, 0) }

// level is the nearest effort that a model knows; "" when nothing is to be said.
func (g gpt) level(e effort) string {
	level := levelOf(e)
	switch {
	case e.off:
		return g.least()
	case level == "minimal" && !g.minimal():
		return "low"
	case level == "max" && !g.version.atLeast(5, 6), level == "xhigh":
		return g.most()
	}
	return level
}

// minimal is known to the first GPT-5 only.
func (g gpt) minimal() bool { return g.version == (version{5, 0}) && !g.codex }

func (g gpt) least() string {
	switch {
	case !g.known:
		return ""
	case g.minimal():
		return "minimal"
	case g.version.atLeast(5, 1) && !g.codex:
		return "none"
	}
	return "low"
}

func (g gpt) most() string {
	if g.max || g.version.atLeast(5, 2) {
		return "xhigh"
	}
	return "high"
}
