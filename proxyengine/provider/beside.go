package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"crs/internal/bound"
	"crs/internal/jsonscan"
)

// Naming is a protocol whose requests may name models besides the one that they are for.
type Naming interface {
	// Beside finds them: all of them, or only what is billed beside the request's own.
	Beside(in *Inbound, want *Intent, all bool) (Beside, error)
}

// Beside is what a request may use besides the model that it is for.
type Beside struct {
	Models []string
	// Open: the provider chooses one itself, which the request does not name.
	Open bool
	// Searches is how often the web may be searched for it.
	Searches int64
}

// mostOthers is how many models a request may name besides its own.
const mostOthers = 32

// FindBeside finds what a body in JSON names in its tools (an adviser, a maker of images) and in its lists of models that take over.
func FindBeside(body []byte) (Beside, error) {
	n := namer{}
	if len(body) == 0 || body[0] != '{' {
		return n.Beside, nil
	}
	var tools, fallbacks, models, input jsonscan.Part
	want := jsonscan.Want
	if err := jsonscan.Find(body, want("tools", &tools), want("fallbacks", &fallbacks), want("models", &models), want("input", &input)); err != nil {
		return n.Beside, badNames("%s", err)
	}
	for _, list := range [][]byte{tools.Raw, fallbacks.Raw, models.Raw} {
		if err := n.list(list, true, deepestTools); err != nil {
			return n.Beside, err
		}
	}
	text, ok := jsonscan.String(fallbacks.Raw)
	n.Open = ok && text != ""
	return n.Beside, n.list(input.Raw, false, deepestTools) // whose items may bring tools
}

// mostSearches bounds how many searches are reserved for.
const mostSearches = 20

// deepestTools is how deep tools within tools are looked at.
const deepestTools = 4

// namer gathers what lists name, each model once.
type namer struct{ Beside }

// list takes the models that a list names: texts, and the members "model" of objects, if those name models, and the same of the tools
// within them. What is no list names none.
func (n *namer) list(list []byte, named bool, depth int) error {
	if len(list) == 0 || list[0] != '[' {
		return nil
	}
	if depth == 0 {
		return badNames("tools within tools may be at most %d deep", deepestTools)
	}
	s := jsonscan.Array(list)
	for s.Next() {
		var err error
		switch {
		case s.Value[0] == '{':
			err = n.object(s.Value, named, depth)
		case s.Value[0] == '"' && named:
			err = n.add(s.Value)
		}
		if err != nil {
			return err
		}
	}
	return s.Err()
}

func (n *namer) object(object []byte, named bool, depth int) error {
	var model, tools, kind, uses jsonscan.Part
	want := jsonscan.Want
	if err := jsonscan.Find(object, want("model", &model), want("tools", &tools), want("type", &kind), want("max_uses", &uses)); err != nil {
		return badNames("%s", err)
	}
	if named {
		if strings.HasPrefix(Word(kind.Raw), "web_search") {
			most, _ := jsonscan.Int(uses.Raw)
			n.Searches = min(n.Searches+max(most, 1), mostSearches)
		}
		if err := n.add(model.Raw); err != nil {
			return err
		}
	}
	return n.list(tools.Raw, true, depth-1)
}

func (n *namer) add(raw []byte) error {
	name, ok := jsonscan.StringUpTo(raw, bound.Name)
	switch {
	case !ok || name == "" || slices.Contains(n.Models, name):
	case len(name) > bound.Name:
		return badNames("a model's name has at most %d bytes; this one is longer: %s", bound.Name, bound.Quoted(name))
	case len(n.Models) == mostOthers:
		return badNames("a request may name at most %d models besides its own", mostOthers)
	default:
		n.Models = append(n.Models, strings.Clone(name)) // the body may be gone before it
	}
	return nil
}

func badNames(format string, args ...any) error {
	return &Fault{Status: http.StatusBadRequest, Kind: BadRequest, Message: fmt.Sprintf(format, args...)}
}
