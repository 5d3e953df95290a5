package jsonscan

import (
	"bytes"
	"errors"
)

// Escaped reports whether a key is written with escapes, so that its bytes are not its name. Hardly any client does that; a
// caller that looks for certain members must refuse such a key or compare its [Canonical] form, because the upstream will.
func Escaped(key []byte) bool { return bytes.IndexByte(key, '\\') >= 0 }

// Canonical gives the name that a key stands for, as encoding/json and the upstream read it. It is false when the key is
// not a JSON string. A key that is its own name comes back as it is, without a copy.
func Canonical(key []byte) ([]byte, bool) {
	if plain(key) {
		return key, true
	}
	return unescape(make([]byte, 0, len(key)), key)
}

// Name is what Key stands for. One that is no JSON string ends the walk: then Name is nil, and Err says so.
func (s *Scanner) Name() []byte {
	if !Escaped(s.Key) {
		return s.Key
	}
	name, ok := Canonical(s.Key)
	if !ok {
		s.err = errors.New("a key of the request is not valid JSON")
	}
	return name
}

// Wanted is a member that is looked for, and where it goes.
type Wanted struct {
	name string
	into *Part
}

// Want looks for the member of that name. Several names may stand for one.
func Want(name string, into *Part) Wanted { return Wanted{name, into} }

// Find looks for members of an object. One that is wanted and stands there twice ends the walk with a [*DuplicateError]: readers differ
// in which of the two counts, so the relay might allow one and the upstream serve the other.
func Find(object []byte, wanted ...Wanted) error {
	s := Top(object)
	for s.Next() {
		name := s.Name()
		for _, w := range wanted {
			if string(name) != w.name {
				continue
			}
			if w.into.Raw != nil {
				return &DuplicateError{w.name}
			}
			*w.into = Part{s.Value, s.Offset}
			break
		}
	}
	return s.Err()
}

// Read looks for members of an object that nothing is decided by, such as an answer's: their names count as they are written, and of one
// that stands there twice, the last counts.
func Read(object []byte, wanted ...Wanted) error {
	s := Top(object)
	for s.Next() {
		for _, w := range wanted {
			if string(s.Key) == w.name {
				*w.into = Part{s.Value, s.Offset}
				break
			}
		}
	}
	return s.Err()
}

// A DuplicateError says which member is there twice.
type DuplicateError struct{ Name string }

// Error says it in one sentence.
func (e *DuplicateError) Error() string { return e.Name + ": it is there twice" }
