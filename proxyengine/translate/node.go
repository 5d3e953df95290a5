package translate

import (
	"fmt"
	"iter"
	"net/http"
	"strconv"

	"crs/proxyengine/provider"
)

// node is a value of a request, and where it stands there.
type node struct {
	value
	path *path
}

// path is where a value stands: below up, as the member of that name, or as an element when it has no name.
type path struct {
	up    *path
	name  string
	index int
}

// String writes it as people do: messages[3].content[1].type
func (p *path) String() string {
	switch {
	case p == nil:
		return "the request"
	case p.name == "":
		return p.up.String() + "[" + strconv.Itoa(p.index) + "]"
	case p.up == nil:
		return short(p.name)
	}
	return p.up.String() + "." + short(p.name)
}

// short cuts what a client made up, for a message.
func short(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

func (p *path) refuse(format string, args ...any) error {
	return &provider.Fault{
		Status: http.StatusBadRequest, Kind: provider.BadRequest, Message: p.String() + ": " + fmt.Sprintf(format, args...),
	}
}

func (p *path) member(name string) *path { return &path{up: p, name: name} }

func (n node) refuse(format string, args ...any) error { return n.path.refuse(format, args...) }

// get gives a member; it has a path even when it is not there.
func (n node) get(name string) node { return node{n.value.get(name), n.path.member(name)} }

// each walks the elements of an array. Anything else is refused.
func (n node) each(visit func(node) error) error {
	if !n.isArray() {
		return n.refuse("it must be an array")
	}
	for i, v := range n.items() {
		if err := visit(node{v, &path{up: n.path, index: i}}); err != nil {
			return err
		}
	}
	return nil
}

// fields walks the members of an object that are not null.
func (n node) fields() iter.Seq2[string, node] {
	return func(yield func(string, node) bool) {
		for key, v := range n.members() {
			if v.given() && !yield(string(key), node{v, n.path.member(string(key))}) {
				return
			}
		}
	}
}

// once refuses a member that is there twice: readers differ in which of the two counts.
func (n node) once() error {
	seen := map[string]bool{}
	for key := range n.members() {
		if seen[string(key)] {
			return n.path.member(string(key)).refuse("it is there twice")
		}
		seen[string(key)] = true
	}
	return nil
}

// must gives a string that has to be there.
func (n node) must() (text, error) {
	if !n.isText() {
		return nil, n.refuse("it must be a string")
	}
	return n.text(), nil
}

// may gives a string that can be left out.
func (n node) may() (text, error) {
	if !n.given() {
		return nil, nil
	}
	return n.must()
}

// mustNumber checks that a value is a number and gives it as it was written.
func (n node) mustNumber() (value, error) {
	if _, ok := n.number(); !ok {
		return nil, n.refuse("it must be a number")
	}
	return n.value, nil
}

// mustCount gives a whole number that is not negative.
func (n node) mustCount() (int64, error) {
	count, ok := n.whole()
	if !ok || count < 0 {
		return 0, n.refuse("it must be a whole number, 0 or more")
	}
	return count, nil
}

// mustFlag gives a boolean.
func (n node) mustFlag() (bool, error) {
	if s := string(n.value); s != "true" && s != "false" {
		return false, n.refuse("it must be true or false")
	}
	return n.flag(), nil
}
