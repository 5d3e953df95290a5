package translate

import (
	"strings"

	"crs/internal/model"
)

// gemini is what can be said to a model of Google's.
type gemini struct {
	version   version
	pro, lite bool
}

func geminiNamed(name string) gemini {
	_, rest, found := strings.Cut(strings.ToLower(model.Base(name)), "gemini")
	g := gemini{pro: strings.Contains(rest, "pro"), lite: strings.Contains(rest, "lite")}
	if found {
		g.version = versionIn(rest)
	}
	if found && g.version.major == 0 {
		g.version = version{major: 99} // such as gemini-flash-latest
	}
	return g
}

// levels reports whether a model is told how much to think by a level; 2.5 is given a budget, and older ones do not think.
func (g gemini) levels() bool  { return g.version.atLeast(3, 0) }
func (g gemini) budgets() bool { return !g.levels() && g.version.atLeast(2, 5) }

// signs reports whether a model insists on its signature of every first call.
func (g gemini) signs() bool { return g.version.atLeast(3, 0) }

// level is the nearest thinkingLevel that a model knows; "" when nothing is to be said.
func (g gemini) level(e effort) string {
	level := levelOf(e)
	if e.off {
		level = "minimal"
	}
	switch level {
	case "":
		return ""
	case "minimal":
		if g.pro {
			return "LOW"
		}
		return "MINIMAL"
	case "low":
		return "LOW"
	case "medium":
		if g.pro && g.version == (version{3, 0}) {
			return "HIGH" // the first Pro knows only two
		}
		return "MEDIUM"
	}
	return "HIGH"
}

// budget is the thinkingBudget, within what a model takes: -1 leaves it to the model.
func (g gemini) budget(e effort) int64 {
	least, most := int64(0), int64(24576)
	switch {
	case g.pro:
		least, most = 128, 32768
	case g.lite:
		least = 512
	}
	switch {
	case e.off && g.pro:
		return least // it cannot be turned off
	case e.off:
		return 0
	case e.budget > 0:
		return min(max(e.budget, least), most)
	case e.level == "":
		return -1
	case e.level == "xhigh" || e.level == "max":
		return most
	}
	return min(max(budget(e.level), least), most)
}
