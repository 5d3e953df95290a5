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
	// Others are those models: all of them, or only those that are asked beside its own, and so billed beside it. Open reports that
	// the provider chooses one itself, which the request does not name.
	Others(in *Inbound, all bool) (others []string, open bool, err error)
}

// mostOthers is how many models a request may name besides its own.
const mostOthers = 32

// Others finds the models that a body in JSON names in its tools (an adviser, a maker of images) and in its list of models that take
// over.
func Others(body []byte) (others []string, open bool, err error) {
	if len(body) == 0 || body[0] != '{' {
		return nil, false, nil
	}
	var tools, fallbacks, models, input jsonscan.Part
	want := jsonscan.Want
	if err := jsonscan.Find(body, want("tools", &tools), want("fallbacks", &fallbacks), want("models", &models), want("input", &input)); err != nil {
		return nil, false, badNames("%s", err)
	}
	n := namer{}
	for _, list := range [][]byte{tools.Raw, fallbacks.Raw, models.Raw} {
		if err := n.list(list, true, deepestTools); err != nil {
			return nil, false, err
		}
	}
	if err := n.list(input.Raw, false, deepestTools); err != nil { // whose items may bring tools
		return nil, false, err
	}
	text, ok := jsonscan.String(fallbacks.Raw)
	return n.names, ok && text != "", nil
}

// deepestTools is how deep tools within tools are looked at.
const deepestTools = 4

// namer gathers the models that lists name, each once.
type namer struct{ names []string }

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
	var model, tools jsonscan.Part
	if err := jsonscan.Find(object, jsonscan.Want("model", &model), jsonscan.Want("tools", &tools)); err != nil {
		return badNames("%s", err)
	}
	if named {
		if err := n.add(model.Raw); err != nil {
			return err
		}
	}
	return n.list(tools.Raw, true, depth-1)
}

func (n *namer) add(raw []byte) error {
	name, ok := jsonscan.StringUpTo(raw, bound.Name)
	switch {
	case !ok || name == "" || slices.Contains(n.names, name):
	case len(name) > bound.Name:
		return badNames("a model's name has at most %d bytes; this one is longer: %s", bound.Name, bound.Quoted(name))
	case len(n.names) == mostOthers:
		return badNames("a request may name at most %d models besides its own", mostOthers)
	default:
		n.names = append(n.names, strings.Clone(name)) // the body may be gone before it
	}
	return nil
}

func badNames(format string, args ...any) error {
	return &Fault{Status: http.StatusBadRequest, Kind: BadRequest, Message: fmt.Sprintf(format, args...)}
}
