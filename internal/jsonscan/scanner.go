// Package jsonscan reads the few things a relay must know from a large JSON request without decoding it: the members of
// the top-level object, where each value lies, and the values of the small ones.
//
// It finds framing, it does not validate: strings and nesting are followed exactly, so that no member can hide, but what
// a nested value says is left to the upstream. Nothing is copied; keys and values are parts of the body that was given.
package jsonscan

import "fmt"

// A Scanner walks the members of one JSON object, in the order they are written, duplicates included:
//
//	s := jsonscan.Top(body)
//	for s.Next() {
//		switch string(s.Key) {
//		case "model": ...
//		}
//	}
//	if err := s.Err(); err != nil { ... }
//
// A body is well framed only when Next has returned false and Err is nil: stop earlier and what follows is unseen.
type Scanner struct {
	// Key is the member's name as it is written, between its quotes. "m\u006fdel" names the same member as "model":
	// see [Escaped] and [Canonical].
	Key []byte
	// Value is the member's value as it is written, without the white space around it.
	Value []byte
	// Offset is where Value begins in the body.
	Offset int

	body []byte
	pos  int // first byte not yet read
	seen int // members so far
	at   place
	err  error
}

type place byte

const (
	beforeObject place = iota
	insideObject
	afterObject
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
func Top(body []byte) Scanner { return Scanner{body: body} }

// Err says why Next returned false: nil when the object was complete, a [*SyntaxError] otherwise.
func (s *Scanner) Err() error { return s.err }

// Next moves to the next member. It returns false at the end of the object and at the first error.
func (s *Scanner) Next() bool {
	return s.err == nil && s.nextMember() && s.readKey() && s.readColon() && s.readValue()
}

// MaxMembers is how many members an object may have. What is made of each would otherwise be many times what it is written
// with.
const MaxMembers = 10_000

// nextMember moves to where a key must be, or to the end.
func (s *Scanner) nextMember() bool {
	switch s.at {
	case beforeObject:
		if s.peek() != '{' {
			return s.fail("'{'")
		}
		s.pos++
		s.at = insideObject
		s.seen = 1
		if s.peek() == '}' {
			return s.leave()
		}
		return true
	case insideObject:
		switch s.peek() {
		case ',':
			if s.seen++; s.seen > MaxMembers {
				return s.fail("no more than 10000 members")
			}
			s.pos++
			return true
		case '}':
			return s.leave()
		}
		return s.fail("',' or '}' after a value")
	}
	return false
}

func (s *Scanner) leave() bool {
	s.pos++
	s.at = afterObject
	s.Key, s.Value = nil, nil
	s.peek()
	if s.pos < len(s.body) {
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
