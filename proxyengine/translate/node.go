package translate

import (
	"fmt"
	"iter"
	"net/http"
	"strconv"

	"crs/proxyengine/provider"
)

// node is a value of a request, and where it stands there. What is wrong with a request is noted where it is found, and the reader goes
// on: only the first thing counts, nothing that was read is used then, and no loop takes another turn.
type node struct {
	value
	path  *path
	wrong *error // the first thing that is wrong with the request, shared by all of its nodes
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

func (n node) refuse(format string, args ...any) {
	if *n.wrong == nil {
		*n.wrong = n.path.refuse(format, args...)
	}
}

// get gives a member; it has a path even when it is not there.
func (n node) get(name string) node { return n.below(n.value.get(name), &path{up: n.path, name: name}) }

func (n node) below(v value, at *path) node { return node{v, at, n.wrong} }

// each walks the elements of an array. Anything else is refused.
func (n node) each() iter.Seq[node] {
	return func(yield func(node) bool) {
		if !n.isArray() {
			n.refuse("it must be an array")
		}
		for i, v := range n.items() {
			if *n.wrong != nil || !yield(n.below(v, &path{up: n.path, index: i})) {
				return
			}
		}
	}
}

// fields walks the members of an object that are not null.
func (n node) fields() iter.Seq2[string, node] {
	return func(yield func(string, node) bool) {
		for key, v := range n.members() {
			name := string(key)
			if v.given() && (*n.wrong != nil || !yield(name, n.below(v, n.path.member(name)))) {
				return
			}
		}
	}
}

// once refuses a member that is there twice: readers differ in which of the two counts.
func (n node) once() {
	seen := map[string]bool{}
	for key, v := range n.members() {
		if name := string(key); seen[name] {
			n.below(v, n.path.member(name)).refuse("it is there twice")
			return
		}
		seen[string(key)] = true
	}
}

// must gives a string that has to be there.
func (n node) must() text {
	if !n.isText() {
		n.refuse("it must be a string")
	}
	return n.text()
}

// may gives a string that can be left out.
func (n node) may() text {
	if !n.given() {
		return nil
	}
	return n.must()
}

// mustNumber checks that a value is a number and gives it as it was written.
func (n node) mustNumber() value {
	if _, ok := n.number(); !ok {
		n.refuse("it must be a number")
	}
	return n.value
}

// mustCount gives a whole number that is not negative.
func (n node) mustCount() int64 {
	count, ok := n.whole()
	if !ok || count < 0 {
		n.refuse("it must be a whole number, 0 or more")
	}
	return count
}

// mustFlag gives a boolean.
func (n node) mustFlag() bool {
	if s := string(n.value); s != "true" && s != "false" {
		n.refuse("it must be true or false")
	}
	return n.flag()
}

// mustSchema gives a schema, which is an object; what is in it is for the upstream to read.
func (n node) mustSchema() value {
	if !n.isObject() {
		n.refuse("it must be a JSON schema")
	}
	return n.value
}

// mustBe gives what a word stands for among choices, which are written as people say them.
func mustBe[T any](n node, among map[string]T, choices string) T {
	choice, ok := among[n.word()]
	if !ok {
		n.refuse("it must be %s", choices)
	}
	return choice
}

// says is the node as a block of text, with that text in it.
func (n node) says(t text) block { return block{kind: aText, at: n.path, text: t} }
