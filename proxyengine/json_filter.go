package proxyengine

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"crs/internal/jsonscan"
	"crs/internal/piecewise"
	"crs/proxyengine/scrub"
)

// jsonFilter clears JSON as it goes by, cut anywhere: it is for what is too long to be held. What a provider says of errors is held
// member by member, wherever it stands, and cleared. All else passes as it came; but of a document that is no answer for all that
// is known, every text is cleared. What is itself too long to be held does not pass, unless it is nothing but base64.
type jsonFilter struct {
	words  func() *scrub.Scrubber
	most   func() int // of a member that is held
	strict bool       // the document is no answer

	boxes  []box // the objects and arrays that are open
	member []byte
	long   bool // the member's name is longer than any that is looked for
	atKey  bool // a name comes next, in an object
	text   jsonscan.Text
	scalar bool
	lost   bool // it is nested too deep to be followed: nothing passes any more

	keeping keeping
	from    int    // how many boxes were open where the kept member began
	first   byte   // of the kept member
	named   string // what it is called; "" for what has no name
	said    bool   // it is one of those in which providers say what went wrong
	kept    []byte
	over    bool // the kept member is too long
	packed  bool // it passes nevertheless, for being base64
	out     []byte
}

// box is an object or array that is open.
type box struct {
	object bool
	path   string // of what is in it
}

// keeping is what is held.
type keeping uint8

const (
	keptNothing keeping = iota
	keptName
	keptText
	keptScalar
	keptBox
)

const (
	deepestGuarded = 1024
	longestMember  = 64
)

// holds is how many bytes are kept.
func (g *jsonFilter) holds() int { return cap(g.kept) + cap(g.out) }

// feed gives what the client gets for p, valid until the next call.
func (g *jsonFilter) feed(p []byte) []byte {
	g.out = piecewise.Reusable(g.out)
	from := 0
	begin := func(i int, what keeping) {
		g.sink(p[from:i])
		g.keeping, g.from, g.first, from = what, len(g.boxes), p[i], i
		if g.said = g.watched(); what != keptName {
			g.named = string(g.member)
		}
	}
	finish := func(i int) {
		g.sink(p[from:i])
		g.emit()
		from = i
	}
	for i := 0; i < len(p) && !g.lost; {
		if g.text.Within {
			n := g.text.Skip(p[i:])
			g.name(p[i : i+n])
			if i += n; !g.text.Within && g.textEnds() {
				finish(i)
			}
			continue
		}
		c := p[i]
		if g.scalar && strings.IndexByte("{}[],:\" \t\r\n", c) >= 0 {
			if g.scalar = false; g.keeping == keptScalar {
				finish(i)
			}
		}
		if what := g.begins(c); what != keptNothing {
			begin(i, what)
		}
		i++
		if g.step(c) {
			finish(i)
		}
	}
	if !g.lost {
		g.sink(p[from:])
	}
	return g.out
}

// begins tells whether something that must be held begins with c.
func (g *jsonFilter) begins(c byte) keeping {
	if g.keeping != keptNothing || g.scalar {
		return keptNothing
	}
	switch c {
	case '"':
		switch {
		case g.atKey && g.strict:
			return keptName
		case !g.atKey && (g.strict || g.watched()):
			return keptText
		}
	case '{', '[':
		if g.watched() {
			return keptBox
		}
	case '}', ']', ',', ':', ' ', '\t', '\r', '\n':
	default:
		if g.watched() {
			return keptScalar
		}
	}
	return keptNothing
}

// step follows a byte outside of texts, and reports whether the object or array that is held ends with it.
func (g *jsonFilter) step(c byte) (ends bool) {
	switch c {
	case '"':
		g.text.Begin()
		if g.atKey {
			g.member, g.long = g.member[:0], false
		}
	case '{', '[':
		if g.lost = len(g.boxes) == deepestGuarded; g.lost {
			return false
		}
		path := g.path()
		if len(g.boxes) < 4 && len(g.member) > 0 {
			path += string(g.member) + "."
		}
		g.boxes = append(g.boxes, box{c == '{', path})
		g.member, g.atKey = g.member[:0], c == '{'
	case '}', ']':
		g.boxes = g.boxes[:max(len(g.boxes)-1, 0)]
		g.member, g.atKey = g.member[:0], false
		return g.keeping == keptBox && len(g.boxes) <= g.from
	case ',':
		g.member, g.atKey = g.member[:0], len(g.boxes) > 0 && g.boxes[len(g.boxes)-1].object
	case ':':
		g.atKey = false
	case ' ', '\t', '\r', '\n':
	default:
		g.scalar = true
	}
	return false
}

// name takes a part of a text, quote included where it ends, if that is a member's name.
func (g *jsonFilter) name(part []byte) {
	if !g.atKey {
		return
	}
	if !g.text.Within {
		part = part[:len(part)-1]
	}
	if g.long = g.long || len(g.member)+len(part) > longestMember; g.long {
		g.member = g.member[:0]
		return
	}
	g.member = append(g.member, part...)
}

// textEnds is called behind a text, and reports whether it was held.
func (g *jsonFilter) textEnds() bool {
	if g.atKey && bytes.IndexByte(g.member, '\\') >= 0 {
		g.member, _ = jsonscan.Canonical(g.member)
	}
	return g.keeping == keptName || g.keeping == keptText
}

// watchedPaths are the members in which providers say what went wrong. Arrays do not count in a path.
var watchedPaths = append([]string{"error", "errors", "message", "msg", "detail", "details", "response.error", "candidates.finishMessage",
	"response.candidates.finishMessage", "choices.error"}, explained...)

// watched reports whether the next value is one of those.
func (g *jsonFilter) watched() bool {
	if g.atKey || len(g.member) == 0 || len(g.boxes) > 5 {
		return false
	}
	return slices.ContainsFunc(watchedPaths, func(path string) bool {
		before, is := strings.CutSuffix(path, string(g.member))
		return is && before == g.path()
	})
}

// path is where the next value stands: the names that lead there, each with a dot behind it.
func (g *jsonFilter) path() string {
	if len(g.boxes) == 0 {
		return ""
	}
	return g.boxes[len(g.boxes)-1].path
}

// sink takes what is passed or held.
func (g *jsonFilter) sink(p []byte) {
	switch {
	case g.over:
	case g.keeping == keptNothing || g.packed && isPacked(p):
		g.out = append(g.out, p...)
	case g.packed:
		g.over = true
	case len(g.kept)+len(p) <= g.most():
		g.kept = append(g.kept, p...)
	case g.strict && g.keeping == keptText && !g.said && isPacked(g.kept) && isPacked(p):
		g.packed = true
		g.out = append(append(g.out, g.kept...), p...)
		g.kept = nil
	default:
		g.over, g.kept = true, nil
	}
}

// isPacked reports whether a part of a text is nothing but base64, the quotes included.
func isPacked(p []byte) bool {
	for _, c := range p {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.IndexByte(`"+/=_-\`, c) >= 0:
		default:
			return false
		}
	}
	return true
}

// notPassed stands in the place of what could not be held.
const notPassed = `"what the provider said is too long to be passed on"`

// emit lets the held member go, cleared.
func (g *jsonFilter) emit() {
	switch {
	case g.packed && g.over:
		g.out = append(g.out, '"')
	case g.packed:
	case g.over && g.first == '{':
		g.out = append(g.out, `{"message":`+notPassed+`}`...)
	case g.over:
		g.out = append(g.out, notPassed...)
	default:
		g.out = append(g.out, g.cleared()...)
	}
	g.keeping, g.named, g.over, g.packed, g.kept = keptNothing, "", false, false, piecewise.Reusable(g.kept)
}

// cleared is the held member without what is the operator's: its name may say what it is.
func (g *jsonFilter) cleared() []byte {
	s := g.words()
	if g.named == "" {
		return s.Body(g.kept)
	}
	name, _ := json.Marshal(g.named)
	before := "{" + string(name) + ":"
	all := s.Body([]byte(before + string(g.kept) + "}"))
	if clear, ok := bytes.CutPrefix(all, []byte(before)); ok {
		return bytes.TrimSuffix(clear, []byte("}"))
	}
	return s.Body(g.kept)
}

// end gives what is held of a document that ends in the middle.
func (g *jsonFilter) end() []byte {
	g.out = nil
	if g.keeping != keptNothing && !g.over && !g.packed {
		g.out = g.words().Body(g.kept)
	}
	g.keeping, g.kept = keptNothing, nil
	return g.out
}
