package bedrock

import (
	"bytes"

	"crs/internal/jsonscan"
)

// at gives the raw value of an object's member, nil when there is none.
func at(object []byte, member string) []byte { return within(span{raw: object}, member).raw }

// within is the same with its place.
func within(object span, member string) span {
	s := jsonscan.Top(object.raw)
	for s.Next() {
		if string(name(s.Key)) == member {
			return span{s.Value, object.at + s.Offset}
		}
	}
	return span{}
}

// elements calls visit with each element of an array, in a text whose brackets are known to match. It does nothing for what
// is no array.
func elements(array span, visit func(i int, element span)) {
	text := array.raw
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return
	}
	begin, depth, n := 1, 0, 0
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			if i = closing(text, i); i >= len(text) {
				return
			}
		case '[', '{':
			depth++
		case '}', ']':
			depth--
		}
		if depth < 0 || depth == 0 && text[i] == ',' {
			if element := text[begin:i]; len(bytes.TrimSpace(element)) > 0 {
				visit(n, span{element, array.at + begin})
				n++
			}
			begin = i + 1
		}
	}
}

// closing is where the string that opens at i ends.
func closing(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// without appends an object to dst, but for one of its members.
func without(dst, object []byte, member string) []byte {
	end := bytes.IndexByte(object, '{') + 1
	dst = append(dst, object[:end]...)
	empty := true
	s := jsonscan.Top(object)
	for s.Next() {
		text := object[end : s.Offset+len(s.Value)]
		end += len(text)
		if string(name(s.Key)) == member {
			continue
		}
		if empty {
			text = bytes.TrimLeft(text, ", \t\r\n")
		}
		dst, empty = append(dst, text...), false
	}
	return append(dst, object[end:]...)
}
