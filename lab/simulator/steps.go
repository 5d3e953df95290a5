package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// spec is one step of the script language: what it means when it is written without arguments, and what it takes.
type spec struct {
	name    string
	preset  step
	words   []string                   // bare words it takes; they set step.word
	forms   []string                   // bare words it takes; they set step.form
	bare    func(*step) any            // where a bare argument goes that is not one of the words
	named   map[string]func(*step) any // where name=value goes
	shapely bool                       // it answers, so it takes the shape arguments too
}

// afterNamed is for steps that happen somewhere in a stream.
var afterNamed = map[string]func(*step) any{"after": func(s *step) any { return &s.after }}

var limitNamed = map[string]func(*step) any{
	"reset": func(s *step) any { return &s.resetIn },
	"retry": func(s *step) any { return &s.retryIn },
}

var shapeNamed = map[string]func(*step) any{
	"events": func(s *step) any { return &s.events },
	"gap":    func(s *step) any { return &s.gap },
	"text":   func(s *step) any { return &s.say },
	"size":   func(s *step) any { return &s.size },
	"5h":     func(s *step) any { return &s.fiveHour },
	"7d":     func(s *step) any { return &s.sevenDay },
}

func waitTarget(s *step) any { return &s.wait }
func wordTarget(s *step) any { return &s.word }
func sizeTarget(s *step) any { return &s.size }

// specs lists the steps in the order the error messages name them. The statuses come from the providers.
var specs = []spec{
	{name: "ok", shapely: true},
	{name: "slow", preset: step{verb: vSlow, wait: time.Second}, bare: waitTarget, shapely: true},
	{name: "stall", preset: step{verb: vStall, wait: forever}, shapely: true, named: map[string]func(*step) any{
		"after": afterNamed["after"],
		"for":   waitTarget,
	}},
	{name: "cut", preset: step{verb: vCut}, named: afterNamed, shapely: true},
	{name: "reset", preset: step{verb: vReset}, named: afterNamed, shapely: true},
	{name: "refuse", preset: step{verb: vRefuse}},
	{name: "drip", preset: step{verb: vDrip, wait: 20 * time.Millisecond}, bare: waitTarget, shapely: true},
	{name: "error", preset: step{verb: vError, word: "overloaded_error"}, forms: []string{"event", "flat"}, bare: wordTarget, named: afterNamed, shapely: true},
	{name: "huge", preset: step{shape: shape{size: 1 << 20, events: 1}}, bare: sizeTarget, shapely: true},
	{name: "gzip", preset: step{verb: vGzip}, words: []string{"silent"}, shapely: true},
	{name: "crlf", preset: step{verb: vCRLF}, shapely: true},
	{name: "split", preset: step{verb: vSplit, wait: 200 * time.Microsecond}, shapely: true},
	{name: "garbage", preset: step{verb: vGarbage}, words: []string{"json", "html"}, shapely: true},
	{name: "nolength", preset: step{verb: vNoLength}, shapely: true},
	{name: "empty", preset: step{verb: vEmpty}},
	{name: "badcrc", preset: step{verb: vBadCRC}, named: afterNamed, shapely: true},
}

// findSpec finds a step by its name; random is not among them, it is made of them.
func findSpec(name string) (spec, bool) {
	for _, sp := range specs {
		if sp.name == name {
			return sp, true
		}
	}
	status, err := strconv.Atoi(name)
	words := statusWords(status)
	if err != nil || words == nil {
		return spec{}, false
	}
	return spec{name: name, preset: step{verb: vStatus, status: status}, words: words, named: limitNamed}, true
}

// statusWords are the kinds that any provider knows of a status; nil when none knows the status.
func statusWords(status int) []string {
	var words []string
	add := func(s int, word string) {
		if s == status && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	for _, f := range anthropicFailures {
		add(f.status, f.word)
	}
	for _, table := range [...][]openAIFailure{openAIFailures, codexFailures, azureFailures} {
		for _, f := range table {
			add(f.status, f.word)
		}
	}
	for _, f := range geminiFailures {
		add(f.status, f.word)
	}
	for _, f := range bedrockFailures {
		add(f.status, f.word)
	}
	return words
}

func knownSteps() string {
	var names []string
	for _, sp := range specs {
		names = append(names, sp.name)
	}
	for status := 400; status < 600; status++ {
		if statusWords(status) != nil {
			names = append(names, strconv.Itoa(status))
		}
	}
	return strings.Join(append(names, "random"), " ")
}

// set gives s one argument.
func (sp spec) set(s *step, a argument) error {
	if a.name != "" {
		return sp.setNamed(s, a)
	}
	switch {
	case sp.shapely && a.value == "thinking":
		s.thinking = true
	case sp.shapely && a.value == "tool":
		s.tool = true
	case a.value != "" && slices.Contains(sp.words, a.value):
		s.word = a.value
	case slices.Contains(sp.forms, a.value):
		s.form = a.value
	case sp.bare != nil:
		return assign(sp.bare(s), a.value)
	default:
		return fmt.Errorf("%s does not take %q; it takes %s", sp.name, a.value, sp.takes())
	}
	return nil
}

func (sp spec) setNamed(s *step, a argument) error {
	target := sp.named[a.name]
	if target == nil && sp.shapely {
		target = shapeNamed[a.name]
	}
	if target != nil {
		return assign(target(s), a.value)
	}
	for i, f := range figures {
		if sp.shapely && f.name == a.name {
			return assign(&s.bill[i], a.value)
		}
	}
	return fmt.Errorf("%s does not take %s=; it takes %s", sp.name, a.name, sp.takes())
}

// takes lists what a step takes, for the error message.
func (sp spec) takes() string {
	all := slices.DeleteFunc(slices.Clone(sp.words), func(w string) bool { return w == "" })
	all = append(all, sp.forms...)
	all = append(all, names(sp.named)...)
	if sp.shapely {
		all = append(all, names(shapeNamed)...)
		all = append(all, "thinking", "tool")
		for _, f := range figures {
			all = append(all, f.name+"=")
		}
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, " ")
}

func names(named map[string]func(*step) any) []string {
	var all []string
	for name := range named {
		all = append(all, name+"=")
	}
	slices.Sort(all)
	return all
}
