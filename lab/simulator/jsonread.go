package simulator

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// reader walks one JSON document once and checks it on the way, at little cost for the long strings that prompts are
// made of. After the first fault it stands still and bad is set.
type reader struct {
	b     []byte
	i     int
	depth int
	bad   bool
}

const maxDepth = 1000

// exactUpTo is how long a document may be to be checked to the last rule. In longer ones control characters and unknown
// escapes inside strings pass: finding them costs more than everything else the simulator does with a request.
const exactUpTo = 64 << 10

// document reads one whole document, an object, and reports whether it was valid JSON to the last byte.
func (r *reader) document(visit func(key []byte)) bool {
	r.object(visit)
	r.peek()
	return !r.bad && r.i == len(r.b)
}

// object calls visit for every member; visit must read the value. Keys come unescaped.
func (r *reader) object(visit func(key []byte)) {
	r.open('{')
	for first := true; !r.shut('}', first); first = false {
		key := r.text()
		r.take(':')
		if r.bad {
			return
		}
		visit(unescape(key))
	}
}

// array calls visit for every element; visit must read it.
func (r *reader) array(visit func()) {
	r.open('[')
	for first := true; !r.shut(']', first); first = false {
		visit()
	}
}

// value reads any value and gives its bytes.
func (r *reader) value() []byte {
	c := r.peek()
	start := r.i
	switch c {
	case '{':
		r.object(func([]byte) { r.value() })
	case '[':
		r.array(func() { r.value() })
	case '"':
		r.text()
	case 't':
		r.literal("true")
	case 'f':
		r.literal("false")
	case 'n':
		r.literal("null")
	default:
		r.number()
	}
	if r.bad {
		return nil
	}
	return r.b[start:r.i]
}

// text reads a string and gives what is between the quotes, still escaped.
func (r *reader) text() []byte {
	r.take('"')
	if len(r.b) > exactUpTo {
		return r.skim()
	}
	start := r.i
	for !r.bad {
		r.i += ordinary(r.b[r.i:])
		switch {
		case r.i < len(r.b) && r.b[r.i] == '"':
			r.i++
			return r.b[start : r.i-1]
		case r.i < len(r.b) && r.b[r.i] == '\\':
			r.escape()
		default: // the end, or a control character
			r.bad = true
		}
	}
	return nil
}

// skim does what text does, for a long document: it looks for nothing but the quote at the end.
func (r *reader) skim() []byte {
	start := r.i
	for !r.bad {
		quote := bytes.IndexByte(r.b[r.i:], '"')
		if quote < 0 {
			r.bad = true
			return nil
		}
		r.i += quote + 1
		text := r.b[start : r.i-1]
		if slashes := len(text) - len(bytes.TrimRight(text, `\`)); slashes%2 == 0 {
			return text
		}
	}
	return nil
}

func (r *reader) escape() {
	if r.i+1 >= len(r.b) {
		r.bad = true
		return
	}
	switch r.b[r.i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		r.i += 2
	case 'u':
		r.hex(r.i + 2)
		r.i += 6
	default:
		r.bad = true
	}
}

func (r *reader) hex(from int) {
	if from+4 > len(r.b) {
		r.bad = true
		return
	}
	for _, c := range r.b[from : from+4] {
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f') {
			r.bad = true
		}
	}
}

func (r *reader) number() {
	if r.at('-') {
		r.i++
	}
	if r.at('0') {
		r.i++
	} else {
		r.digits()
	}
	if r.at('.') {
		r.i++
		r.digits()
	}
	if r.at('e') || r.at('E') {
		r.i++
		if r.at('+') || r.at('-') {
			r.i++
		}
		r.digits()
	}
}

func (r *reader) digits() {
	start := r.i
	for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
		r.i++
	}
	if r.i == start {
		r.bad = true
	}
}

func (r *reader) literal(word string) {
	if len(r.b)-r.i < len(word) || string(r.b[r.i:r.i+len(word)]) != word {
		r.bad = true
		return
	}
	r.i += len(word)
}

func (r *reader) open(c byte) {
	r.take(c)
	if r.depth++; r.depth > maxDepth {
		r.bad = true
	}
}

// shut reports the end of an object or array; if it is not there yet, it reads the comma before the next part.
func (r *reader) shut(c byte, first bool) bool {
	if r.bad {
		return true
	}
	if r.peek() == c {
		r.i++
		r.depth--
		return true
	}
	if !first {
		r.take(',')
	}
	return r.bad
}

func (r *reader) take(c byte) {
	if r.bad || r.peek() != c {
		r.bad = true
		return
	}
	r.i++
}

// peek skips white space and gives the next byte, 0 at the end.
func (r *reader) peek() byte {
	for r.i < len(r.b) {
		switch c := r.b[r.i]; c {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return c
		}
	}
	return 0
}

func (r *reader) at(c byte) bool { return r.i < len(r.b) && r.b[r.i] == c }

// ordinary counts the leading bytes of a string that need no look: no quote, backslash or control character. It
// compares eight bytes at a time; the lowest mark of each comparison is exact, and only that one is used.
func ordinary(b []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		w := binary.LittleEndian.Uint64(b[n:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		marks := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & high
		if marks != 0 {
			return n + bits.TrailingZeros64(marks)/8
		}
	}
	for n < len(b) && b[n] != '"' && b[n] != '\\' && b[n] >= 0x20 {
		n++
	}
	return n
}
