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
	var tools, fallbacks jsonscan.Part
	if err := jsonscan.Find(body, jsonscan.Want("tools", &tools), jsonscan.Want("fallbacks", &fallbacks)); err != nil {
		return nil, false, badNames("%s", err)
	}
	for _, list := range [][]byte{tools.Raw, fallbacks.Raw} {
		if others, err = appendNamed(others, list); err != nil {
			return nil, false, err
		}
	}
	text, ok := jsonscan.String(fallbacks.Raw)
	return others, ok && text != "", nil
}

// appendNamed appends the models that the objects of a list name, each once. What is no list, or no object, names none.
func appendNamed(names []string, list []byte) ([]string, error) {
	if len(list) == 0 || list[0] != '[' {
		return names, nil
	}
	s := jsonscan.Array(list)
	for s.Next() {
		if s.Value[0] != '{' {
			continue
		}
		var model jsonscan.Part
		if err := jsonscan.Find(s.Value, jsonscan.Want("model", &model)); err != nil {
			return nil, badNames("%s", err)
		}
		name, ok := jsonscan.StringUpTo(model.Raw, bound.Name)
		switch {
		case !ok || name == "" || slices.Contains(names, name):
		case len(name) > bound.Name:
			return nil, badNames("a model's name has at most %d bytes; this one is longer: %s", bound.Name, bound.Quoted(name))
		case len(names) == mostOthers:
			return nil, badNames("a request may name at most %d models besides its own", mostOthers)
		default:
			names = append(names, strings.Clone(name)) // the body may be gone before it
		}
	}
	return names, s.Err()
}

func badNames(format string, args ...any) error {
	return &Fault{Status: http.StatusBadRequest, Kind: BadRequest, Message: fmt.Sprintf(format, args...)}
}
