package pricing

import (
	"strconv"
	"strings"

	"crs/internal/model"
)

// Bedrock's ids are [GEO.]VENDOR.MODEL[-vN[:N]]. Those that are served in one region or a group of them cost a tenth more than those
// that are global, for models since Claude 4.5 and GPT-5.4.
const (
	global              = "global"
	regional Multiplier = 1_100_000
)

// onBedrock tries a name as an id of Bedrock: another row of the same id, then the list price of the model.
func (s *search) onBedrock() bool {
	geo, id := model.CutPlace(s.name)
	name := stripMaker(id)
	if geo == "" && name == id {
		return false
	}
	s.name = stripVersion(name)
	dearer := dearerInRegions(s.name)
	inRegion := times1
	if dearer && geo != global {
		inRegion = regional
	}
	if geo != "" && (geo != global || !dearer) && s.is(id, Bedrock, times1) {
		return true
	}
	if row := s.t.bedrock[id]; row != "" && (geo != global || !dearer) {
		return s.is(row, Bedrock, times1)
	}
	if s.is(name, Bedrock, inRegion) || s.is(s.name, Bedrock, inRegion) || s.isGlobal(id, inRegion) {
		return true
	}
	s.times = inRegion
	return false
}

// isGlobal tries the row of the same id that is for all regions.
func (s *search) isGlobal(id string, times Multiplier) bool {
	_, known := s.t.models[global+"."+id]
	return known && s.is(global+"."+id, Bedrock, times)
}

// stripMaker takes off who made a model of Bedrock that others sell too.
func stripMaker(id string) string {
	for _, maker := range []string{"anthropic.", "openai."} {
		if rest, ok := strings.CutPrefix(id, maker); ok {
			return rest
		}
	}
	return id
}

// stripVersion takes off Bedrock's -v1 or -v1:0, and the -1:0 of gpt-oss. Only Claude's names are followed by the former: deepseek-v3
// is no deepseek.
func stripVersion(name string) string {
	version, mark := name, "-v"
	before, minor, ok := strings.Cut(name, ":")
	if ok && isNumber(minor) {
		version = before
	}
	switch {
	case strings.HasPrefix(name, "claude-"):
	case strings.HasPrefix(name, "gpt-") && ok:
		mark = "-"
	default:
		return name
	}
	i := strings.LastIndex(version, mark)
	if i < 0 || !isNumber(version[i+len(mark):]) {
		return name
	}
	return name[:i]
}

// dearerInRegions reports whether a model is one of those that cost more where it is said in which region they are served.
func dearerInRegions(name string) bool {
	if rest, ok := strings.CutPrefix(name, "gpt-"); ok {
		return atLeast(rest, ".", 5, 4)
	}
	rest, ok := strings.CutPrefix(name, "claude-")
	if !ok {
		return false
	}
	_, version, ok := strings.Cut(rest, "-") // after opus, sonnet or haiku
	return ok && !isNumber(rest[:1]) && atLeast(version, "-", 4, 5)
}

// atLeast compares the version that a text begins with. What follows its first number and is longer than two digits is a date.
func atLeast(text, separator string, major, minor int) bool {
	first, rest, _ := strings.Cut(text, separator)
	if before, _, ok := strings.Cut(first, "-"); ok {
		first, rest = before, ""
	}
	second := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	if !isNumber(first) || len(first) > 2 {
		return false
	}
	if len(second) > 2 {
		second = ""
	}
	m, _ := strconv.Atoi(first)
	n, _ := strconv.Atoi(second)
	return m > major || m == major && n >= minor
}
