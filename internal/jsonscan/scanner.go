// Package jsonscan reads the few things a relay must know from large JSON without decoding it, and writes what it must
// change without copying the rest. All JSON that is not read with encoding/json or, by the path of a member, with gjson (a
// provider's error, a login) is read with it:
//
//   - A [Scanner] walks an object ([Top]) or an array ([Array]) that is in memory; [Find] finds the members
//     that are wanted, [Read] those of an answer, [Get] and [First] look for one value.
//   - [Apply] makes what is sent of a body and a few edits ([Insert], [Without], [Exchange], [Part.Replace]).
//   - [Members] keeps a few members of an object that goes by, cut anywhere; [Nesting] and [Text] find where an object and a
//     string end in it. Those are another kind of reader: what they have seen is gone, so they can neither go back nor refuse.
//
// It finds framing, it does not validate: strings and nesting are followed exactly, so that no member can hide, but what
// a nested value says is left to the upstream. Nothing is copied; keys and values are parts of the body that was given.
package jsonscan

import "fmt"

// A Scanner walks the members of one JSON object or the elements of an array, in the order they are written, duplicates
// included:
//
//	s := jsonscan.Top(body)
//	for s.Next() {
//		switch string(s.Name()) {
//		case "model": ...
//		}
//	}
//	if err := s.Err(); err != nil { ... }
//
// A body is well framed only when Next has returned false and Err is nil: stop earlier and what follows is unseen.
type Scanner struct {
	// Key is the member's name as it is written, between its quotes; nil in an array. "m\u006fdel" names the same member as
	// "model": see [Scanner.Name].
	Key []byte
	// Value is the value as it is written, without the white space around it.
	Value []byte
	// Offset is where Value begins in the body.
	Offset int

	body []byte
	open byte // the bracket that it begins with
	pos  int  // first byte not yet read
	seen int  // members so far
	at   place
	err  error
}

type place byte

const (
	before place = iota
	inside
	after
)

// A SyntaxError says where an object stops making sense. Offset is where the body was expected to hold Expected.
type SyntaxError struct {
	Offset   int
	Expected string
	Found    string
}

// Error says it in one sentence.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: expected %s, found %s", e.Offset, e.Expected, e.Found)
}

// Top begins a walk over body, which must be one JSON object and nothing else. The body must not change during the walk.
func Top(body []byte) Scanner { return Scanner{body: body, open: '{'} }

// Array begins a walk over the elements of text, which must be one JSON array and nothing else. They are not bounded.
func Array(text []byte) Scanner { return Scanner{body: text, open: '['} }

// Err says why Next returned false: nil when all was complete, a [*SyntaxError] or a [*DuplicateError] otherwise.
func (s *Scanner) Err() error { return s.err }

// Next moves to the next member or element. It returns false at the end and at the first error.
func (s *Scanner) Next() bool {
	return s.err == nil && s.begin() && (s.open == '[' || s.readKey() && s.readColon()) && s.readValue()
}

// MaxMembers is how many members an object may have. What is made of each would otherwise be many times what it is written
// with.
const MaxMembers = 10_000

// begin moves to where a member or an element must be, or to the end.
func (s *Scanner) begin() bool {
	shut := s.open + 2 // so it is in ASCII
	switch s.at {
	case before:
		if s.peek() != s.open {
			return s.fail("'" + string(s.open) + "'")
		}
		s.pos++
		s.at = inside
		s.seen = 1
		if s.peek() == shut {
			return s.leave()
		}
		return true
	case inside:
		switch s.peek() {
		case ',':
			if s.seen++; s.seen > MaxMembers && s.open == '{' {
				return s.fail("no more than 10000 members")
			}
			s.pos++
			return true
		case shut:
			return s.leave()
		}
		return s.fail("',' or '" + string(shut) + "' after a value")
	}
	return false
}

func (s *Scanner) leave() bool {
	s.pos++
	s.at = after
	s.Key, s.Value = nil, nil
	s.peek()
	if s.pos < len(s.body) {
		if s.open == '[' {
			return s.fail("nothing after the array")
		}
		return s.fail("nothing after the object")
	}
	return false
}

func (s *Scanner) readKey() bool {
	if s.peek() != '"' {
		return s.fail("a key in quotes")
	}
	end := skipString(s.body, s.pos+1)
	if end < 0 {
		return s.failAtEnd("the end of a key")
	}
	s.Key = s.body[s.pos+1 : end-1]
	s.pos = end
	return true
}

func (s *Scanner) readColon() bool {
	if s.peek() != ':' {
		return s.fail("':' after a key")
	}
	s.pos++
	return true
}

func (s *Scanner) readValue() bool {
	first := s.peek()
	end := -1
	switch {
	case first == '"':
		if end = skipString(s.body, s.pos+1); end < 0 {
			return s.failAtEnd("the end of a string")
		}
	case first == '{' || first == '[':
		var expected string
		if end, expected = skipNested(s.body, s.pos); expected != "" {
			s.pos = end
			return s.fail(expected)
		}
	default:
		if end = skipScalar(s.body, s.pos); end == s.pos {
			return s.fail("a value")
		}
	}
	s.Value, s.Offset = s.body[s.pos:end], s.pos
	s.pos = end
	return true
}

// peek skips white space and gives the byte that follows, which is still unread; 0 at the end of the body.
func (s *Scanner) peek() byte {
	for s.pos < len(s.body) {
		switch c := s.body[s.pos]; c {
		case ' ', '\n', '\t', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

func (s *Scanner) failAtEnd(expected string) bool {
	s.pos = len(s.body)
	return s.fail(expected)
}

func (s *Scanner) fail(expected string) bool {
	found := "the end"
	if s.pos < len(s.body) {
		found = fmt.Sprintf("%q", s.body[s.pos])
	}
	s.Key, s.Value = nil, nil
	s.err = &SyntaxError{Offset: s.pos, Expected: expected, Found: found}
	return false
}
