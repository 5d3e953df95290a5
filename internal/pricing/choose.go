package pricing

import (
	"strings"
	"time"

	"crs/internal/model"
)

// Choose tells which of the names of a request decides its price: that of the model which answered, as it calls itself, unless it
// has no price or is the model that the upstream was asked for by an id that says more, such as where it is served; then that id,
// then the name that the client asked for, which is known where an operator has mapped it to a deployment or an ARN. It is false
// when none has a price.
func (t *Table) Choose(at time.Time, answered, upstream, asked string) (name string, ok bool) {
	_, answer := t.Lookup(answered, at)
	if answered == upstream && answer {
		return answered, true
	}
	_, up := t.Lookup(upstream, at)
	switch {
	case answer && !(up && saysMore(upstream, answered)):
		return answered, true
	case up:
		return upstream, true
	}
	_, ok = t.Lookup(asked, at)
	return asked, ok
}

// saysMore reports whether an upstream's id is of the same model as the name that the model gives itself, and tells of a place too.
func saysMore(id, name string) bool {
	return placed(id) > placed(name) && baseOf(id) == baseOf(name)
}

// placed is how much a name tells of where a model is served: 1 for which cloud, 2 for which region.
func placed(name string) int {
	if strings.HasPrefix(name, "arn:") || strings.HasPrefix(name, "azure/") {
		return 2
	}
	geo, id := model.CutPlace(name[strings.LastIndexByte(name, '/')+1:])
	switch {
	case geo != "":
		return 2
	case stripMaker(id) != id:
		return 1
	}
	return 0
}

// baseOf is a model's name without anything that a look-up can do without.
func baseOf(name string) string {
	s := search{}
	for _, strip := range []func(string) string{stripContext, s.stripVendor, stripPlace, stripVersion, stripDate, stripSuffix, stripDate} {
		for {
			shorter := strip(name)
			if shorter == name {
				break
			}
			name = shorter
		}
	}
	return name
}

func stripPlace(name string) string {
	_, id := model.CutPlace(name)
	return stripMaker(id)
}
