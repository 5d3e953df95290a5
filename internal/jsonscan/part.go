package jsonscan

import "iter"

// Part is a value as it is written, and where it begins in the body that it is a part of. Raw is nil when there is none.
type Part struct {
	Raw []byte
	At  int
}

// End is where it ends.
func (p Part) End() int { return p.At + len(p.Raw) }

// Get finds a member of an object; see the function [Get].
func (p Part) Get(name string) Part {
	if len(p.Raw) == 0 {
		return Part{}
	}
	s := Top(p.Raw)
	for s.Next() {
		if string(s.Name()) == name {
			return Part{s.Value, p.At + s.Offset}
		}
	}
	return Part{}
}

// Elements gives the elements of an array, each with its number. Of what is broken, or no array, it gives what comes before.
func (p Part) Elements() iter.Seq2[int, Part] {
	return func(yield func(int, Part) bool) {
		s := Array(p.Raw)
		for n := 0; s.Next() && yield(n, Part{s.Value, p.At + s.Offset}); n++ {
			continue
		}
	}
}

// Replace is the edit that puts text in its place.
func (p Part) Replace(text []byte) Edit { return Edit{p.At, len(p.Raw), text} }

// Get gives the first member of an object by this name, nil when there is none or the object is broken before it.
func Get(object []byte, name string) []byte { return Part{Raw: object}.Get(name).Raw }

// First gives the first element of an array, nil when there is none.
func First(array []byte) []byte {
	s := Array(array)
	s.Next()
	return s.Value
}
