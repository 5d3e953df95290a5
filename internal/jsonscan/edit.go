package jsonscan

import (
	"bytes"
	"slices"
)

// An Edit puts Text in the place of the Length bytes of a body at At.
type Edit struct {
	At, Length int
	Text       []byte
}

// Apply gives a body with edits, which must not overlap, as what to write, one part after the other. Nothing of the body is
// copied. Of two edits at the same place the one that was given first comes first.
func Apply(body []byte, edits ...Edit) [][]byte {
	slices.SortStableFunc(edits, func(a, b Edit) int { return a.At - b.At })
	parts, done := make([][]byte, 0, 2*len(edits)+1), 0
	for _, e := range edits {
		if e.At > done {
			parts = append(parts, body[done:e.At:e.At])
		}
		if len(e.Text) > 0 {
			parts = append(parts, e.Text)
		}
		done = e.At + e.Length
	}
	return append(parts, body[done:])
}

// Insert is the edit that puts a member before all others of an object.
func Insert(object []byte, name string, value []byte) Edit {
	at := bytes.IndexByte(object, '{') + 1
	text := append([]byte(`"`+name+`":`), value...)
	if rest := bytes.TrimLeft(object[at:], space); len(rest) > 0 && rest[0] != '}' {
		text = append(text, ',')
	}
	return Edit{At: at, Text: text}
}

// Without gives the edits that leave members out of an object. A member goes with the comma before it, and the first that
// stays loses its own.
func Without(object []byte, names ...string) (edits []Edit, err error) {
	return Exchange(object, "", names...)
}

// Exchange gives the edits that leave members out of an object, and put front before those that stay: members as they are
// written, without a comma behind, or nothing.
func Exchange(object []byte, front string, names ...string) (edits []Edit, err error) {
	open := bytes.IndexByte(object, '{') + 1
	end, stays := open, false
	s := Top(object)
	for s.Next() {
		part := Edit{At: end, Length: s.Offset + len(s.Value) - end}
		end += part.Length
		if slices.Contains(names, string(s.Name())) {
			edits = append(edits, part)
			continue
		}
		switch first := len(edits) == 0; {
		case stays:
		case first && front != "":
			front += ","
		case !first && front == "":
			text := object[part.At:end]
			part.Length = len(text) - len(bytes.TrimLeft(text, ","+space))
			edits = append(edits, part)
		}
		stays = true
	}
	if front != "" {
		edits = slices.Insert(edits, 0, Edit{At: open, Text: []byte(front)})
	}
	return edits, s.Err()
}

const space = " \t\r\n"
