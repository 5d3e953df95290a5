package gemini

import (
	"crs/internal/jsonscan"
	"crs/internal/piecewise"
)

// Largest is how long one object of an answer may be to be read: pictures come in single objects of megabytes.
const Largest = 32 << 20

// Splitter finds the objects of an answer in JSON while it passes by: the answer is one object, or an array of them. It is
// fed fragments cut anywhere. It follows framing; what is in an object is for who reads it. Set On, then feed.
type Splitter struct {
	// On is called for each object, which is valid until it returns; nil for one longer than Largest.
	On func(object []byte)

	where   place
	array   bool
	nesting jsonscan.Nesting
	begun   []byte // of an object, from earlier fragments
	long    bool   // that object is too long to be kept
}

// place is where the next byte stands.
type place uint8

const (
	before  place = iota // anything but white space
	opened               // the array: an object or the end must come
	comma                // behind a comma: an object must come
	within               // an object
	between              // two objects of the array
	after                // everything
	nowhere              // it is no answer
)

// Feed takes the next bytes. It keeps none of them, except a copy of an object that is not whole.
func (s *Splitter) Feed(p []byte) {
	for len(p) > 0 {
		if s.where != within {
			p = s.outside(p)
			continue
		}
		n := s.nesting.Close(p, 0)
		ended := n >= 0
		if !ended {
			n = len(p)
		}
		s.take(p[:n], ended)
		p = p[n:]
	}
}

// Holds is how many bytes it keeps of an object that is not whole.
func (s *Splitter) Holds() int { return cap(s.begun) }

// Take gives up an object that is not whole, and what there is of it.
func (s *Splitter) Take() (begun []byte) {
	if s.where == within {
		begun, s.begun, s.where = s.begun, nil, nowhere
	}
	return begun
}

// Forget lets go of an object that is not whole: it counts as one longer than Largest.
func (s *Splitter) Forget() { s.begun, s.long = nil, s.where == within }

// Done reports whether the answer has ended as JSON does.
func (s *Splitter) Done() bool { return s.where == after }

// Array reports whether the answer is an array.
func (s *Splitter) Array() bool { return s.array }

// outside reads up to the next object and gives the rest, which begins with it.
func (s *Splitter) outside(p []byte) []byte {
	for i, c := range p {
		if c == ' ' || c == '\n' || c == '\r' || c == '\t' {
			continue
		}
		switch {
		case c == '{' && (s.where == before || s.where == opened || s.where == comma):
			s.where = within
			return p[i:]
		case c == '[' && s.where == before:
			s.where, s.array = opened, true
		case c == ']' && (s.where == opened || s.where == between):
			s.where = after
		case c == ',' && s.where == between:
			s.where = comma
		default:
			s.where = nowhere
			return nil
		}
	}
	return nil
}

// take is given the parts of an object, one after another.
func (s *Splitter) take(part []byte, ended bool) {
	if s.long = s.long || len(s.begun)+len(part) > Largest; s.long {
		s.begun = s.begun[:0]
	} else if !ended || len(s.begun) > 0 {
		s.begun = append(s.begun, part...)
		part = s.begun
	}
	if !ended {
		return
	}
	if s.long {
		part = nil
	}
	if s.where = after; s.array {
		s.where = between
	}
	s.On(part)
	s.long = false
	s.begun = piecewise.Reusable(s.begun)
}
