package translate

import (
	"bytes"
	"errors"
	"iter"
	"math"
	"strconv"

	"github.com/tidwall/gjson"

	"crs/internal/bound"
	"crs/internal/jsonscan"
)

// value is one JSON value as it was written: a part of a text that has been found valid. Nothing is decoded that need not
// be, so that numbers, escapes and the order of members arrive as they were sent.
type value []byte

// object takes a text that must be one JSON object.
func object(raw []byte) (value, error) {
	s := jsonscan.Top(raw)
	for s.Next() {
		continue // it bounds the depth, which gjson does not, and says where an error is
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	if !gjson.ValidBytes(raw) {
		return nil, errors.New("invalid JSON")
	}
	return bytes.TrimSpace(raw), nil
}

// given reports whether there is a value, and it is not null.
func (v value) given() bool { return len(v) > 0 && v[0] != 'n' }

func (v value) isText() bool   { return len(v) > 0 && v[0] == '"' }
func (v value) isObject() bool { return len(v) > 0 && v[0] == '{' }
func (v value) isArray() bool  { return len(v) > 0 && v[0] == '[' }

// bare reports whether a value is no object with anything in it.
func (v value) bare() bool {
	for range v.members() {
		return false
	}
	return true
}

// get gives a member of an object, nil when there is none.
func (v value) get(name string) value {
	if !v.isObject() {
		return nil
	}
	return jsonscan.Get(v, name)
}

// members walks the members of an object; anything else has none.
func (v value) members() iter.Seq2[[]byte, value] {
	return func(yield func([]byte, value) bool) {
		if !v.isObject() {
			return
		}
		s := jsonscan.Top(v)
		for s.Next() {
			if !yield(s.Name(), s.Value) {
				return
			}
		}
	}
}

// items walks the elements of an array; anything else has none.
func (v value) items() iter.Seq2[int, value] {
	return func(yield func(int, value) bool) {
		if !v.isArray() {
			return
		}
		s := jsonscan.Array(v)
		for n := 0; s.Next(); n++ {
			if !yield(n, s.Value) {
				return
			}
		}
	}
}

// first gives the first element of an array, nil when there is none.
func (v value) first() value {
	if !v.isArray() {
		return nil
	}
	return jsonscan.First(v)
}

// text gives what is between the quotes of a string, nil for anything else.
func (v value) text() text {
	if !v.isText() {
		return nil
	}
	return text(v[1 : len(v)-1])
}

// word reads a short string; "" for anything else.
func (v value) word() string {
	s, _ := jsonscan.String(v)
	return s
}

// whole reads a whole number, however it is written (1000, 1e3, 1000.0).
func (v value) whole() (int64, bool) {
	if n, ok := jsonscan.Int(v); ok {
		return n, true
	}
	if f, ok := v.number(); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), true
	}
	return 0, false
}

// count reads a figure of a usage, as far as it can be believed; 0 for anything that is none.
func (v value) count() int64 {
	n, _ := v.whole()
	return bound.Figure(n, bound.Tokens)
}

func (v value) number() (float64, bool) {
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v), 64)
	return f, err == nil
}

func (v value) flag() bool {
	is, _ := jsonscan.Bool(v)
	return is
}

// text is what stands between the quotes of a JSON string, escapes and all. nil means that there is none.
type text []byte

// plain decodes it.
func (t text) plain() string {
	raw := make([]byte, 0, len(t)+2)
	s, _ := jsonscan.String(append(append(append(raw, '"'), t...), '"'))
	return s
}

// blank reports whether there is nothing to see.
func (t text) blank() bool {
	for rest := []byte(t); len(rest) > 0; {
		switch {
		case rest[0] == ' ':
			rest = rest[1:]
		case len(rest) > 1 && rest[0] == '\\' && (rest[1] == 'n' || rest[1] == 'r' || rest[1] == 't'):
			rest = rest[2:]
		default:
			return false
		}
	}
	return true
}

// escaped makes a text of plain bytes.
func escaped(plain []byte) text { return appendEscaped(make([]byte, 0, len(plain)+16), plain) }

// appendEscaped writes plain bytes as they stand between quotes. Only what must be is escaped: all the rest, broken UTF-8
// included, stays as it is.
func appendEscaped(dst, plain []byte) []byte {
	const hex = "0123456789abcdef"
	begin := 0
	for i, c := range plain {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, plain[begin:i]...)
		begin = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, plain[begin:]...)
}
