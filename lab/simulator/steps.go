package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/lab/simulator/anthropic"
	"crs/lab/simulator/azure"
	"crs/lab/simulator/bedrock"
	"crs/lab/simulator/gemini"
	"crs/lab/simulator/openai"
	"crs/lab/simulator/provider"
)

// spec is one step of the script language: what it means when it is written without arguments, and what it takes.
type spec struct {
	name    string
	preset  provider.Step
	words   []string                            // bare words it takes; they set step.word
	forms   []string                            // bare words it takes; they set step.form
	bare    func(*provider.Step) any            // where a bare argument goes that is not one of the words
	named   map[string]func(*provider.Step) any // where name=value goes
	shapely bool                                // it answers, so it takes the shape arguments too
}

// afterNamed is for steps that happen somewhere in a stream.
var afterNamed = map[string]func(*provider.Step) any{"after": func(s *provider.Step) any { return &s.After }}

var limitNamed = map[string]func(*provider.Step) any{
	"reset": func(s *provider.Step) any { return &s.ResetIn },
	"retry": func(s *provider.Step) any { return &s.RetryIn },
}

var shapeNamed = map[string]func(*provider.Step) any{
	"events": func(s *provider.Step) any { return &s.Events },
	"gap":    func(s *provider.Step) any { return &s.Gap },
	"text":   func(s *provider.Step) any { return &s.Say },
	"size":   func(s *provider.Step) any { return &s.Size },
	"5h":     func(s *provider.Step) any { return &s.FiveHour },
	"7d":     func(s *provider.Step) any { return &s.SevenDay },
}

func waitTarget(s *provider.Step) any { return &s.Wait }
func wordTarget(s *provider.Step) any { return &s.Word }
func sizeTarget(s *provider.Step) any { return &s.Size }

// specs lists the steps in the order the error messages name them. The statuses come from the providers.
var specs = []spec{
	{name: "ok", shapely: true},
	{name: "slow", preset: provider.Step{Verb: provider.DoSlow, Wait: time.Second}, bare: waitTarget, shapely: true},
	{name: "stall", preset: provider.Step{Verb: provider.DoStall, Wait: forever}, shapely: true, named: map[string]func(*provider.Step) any{
		"after": afterNamed["after"],
		"for":   waitTarget,
	}},
	{name: "cut", preset: provider.Step{Verb: provider.DoCut}, named: afterNamed, shapely: true},
	{name: "reset", preset: provider.Step{Verb: provider.DoReset}, named: afterNamed, shapely: true},
	{name: "refuse", preset: provider.Step{Verb: provider.DoRefuse}},
	{name: "drip", preset: provider.Step{Verb: provider.DoDrip, Wait: 20 * time.Millisecond}, bare: waitTarget, shapely: true},
	{name: "error", preset: provider.Step{Verb: provider.DoError, Word: "overloaded_error"}, forms: []string{"event", "flat"}, bare: wordTarget, named: afterNamed, shapely: true},
	{name: "huge", preset: provider.Step{Shape: provider.Shape{Size: 1 << 20, Events: 1}}, bare: sizeTarget, shapely: true},
	{name: "gzip", preset: provider.Step{Verb: provider.DoGzip}, words: []string{"silent"}, shapely: true},
	{name: "crlf", preset: provider.Step{Verb: provider.DoCRLF}, shapely: true},
	{name: "split", preset: provider.Step{Verb: provider.DoSplit, Wait: 200 * time.Microsecond}, shapely: true},
	{name: "garbage", preset: provider.Step{Verb: provider.DoGarbage}, words: []string{"json", "html"}, shapely: true},
	{name: "nolength", preset: provider.Step{Verb: provider.DoNoLength}, shapely: true},
	{name: "empty", preset: provider.Step{Verb: provider.DoEmpty}},
	{name: "badcrc", preset: provider.Step{Verb: provider.DoBadCRC}, named: afterNamed, shapely: true},
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
	return spec{name: name, preset: provider.Step{Verb: provider.DoStatus, Status: status}, words: words, named: limitNamed}, true
}

// statusWords are the kinds that any provider knows of a status; nil when none knows the status.
func statusWords(status int) []string {
	var words []string
	for _, k := range slices.Concat(anthropic.Kinds(), openai.Kinds(), azure.Kinds(), gemini.Kinds(), bedrock.Kinds()) {
		if k.Status == status && !slices.Contains(words, k.Word) {
			words = append(words, k.Word)
		}
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
func (sp spec) set(s *provider.Step, a argument) error {
	if a.name != "" {
		return sp.setNamed(s, a)
	}
	switch {
	case sp.shapely && a.value == "thinking":
		s.Thinking = true
	case sp.shapely && a.value == "tool":
		s.Tool = true
	case a.value != "" && slices.Contains(sp.words, a.value):
		s.Word = a.value
	case slices.Contains(sp.forms, a.value):
		s.Form = a.value
	case sp.bare != nil:
		return assign(sp.bare(s), a.value)
	default:
		return fmt.Errorf("%s does not take %q; it takes %s", sp.name, a.value, sp.takes())
	}
	return nil
}

func (sp spec) setNamed(s *provider.Step, a argument) error {
	target := sp.named[a.name]
	if target == nil && sp.shapely {
		target = shapeNamed[a.name]
	}
	if target != nil {
		return assign(target(s), a.value)
	}
	for i, name := range provider.FigureNames() {
		if sp.shapely && name == a.name {
			return assign(&s.Bill[i], a.value)
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
		for _, name := range provider.FigureNames() {
			all = append(all, name+"=")
		}
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, " ")
}

func names(named map[string]func(*provider.Step) any) []string {
	var all []string
	for name := range named {
		all = append(all, name+"=")
	}
	slices.Sort(all)
	return all
}
