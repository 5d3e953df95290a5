package provider

import (
	"iter"
	"strings"
)

// Field is one header field. The name keeps the case it had on the wire.
type Field struct{ Name, Value string }

// Header is the fields of a message, in wire order. Look-ups ignore case.
type Header []Field

// CopyHeader copies fields out of a parser, with one allocation for all the text.
func CopyHeader(fields iter.Seq2[[]byte, []byte]) Header {
	n, size := 0, 0
	for name, value := range fields {
		n, size = n+1, size+len(name)+len(value)
	}
	var text strings.Builder
	text.Grow(size)
	header := make(Header, 0, n)
	for name, value := range fields {
		start := text.Len()
		text.Write(name)
		text.Write(value)
		all := text.String() // the builder was grown to size, so every String shares one array
		header = append(header, Field{Name: all[start : start+len(name)], Value: all[start+len(name):]})
	}
	return header
}

// Get gives the first value of name, or "".
func (h Header) Get(name string) string {
	for i := range h {
		if len(h[i].Name) == len(name) && strings.EqualFold(h[i].Name, name) {
			return h[i].Value
		}
	}
	return ""
}

// Values gives every value of name.
func (h Header) Values(name string) []string {
	var all []string
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			all = append(all, h[i].Value)
		}
	}
	return all
}

// Lower puts name in small letters into buf, for a switch that costs no allocation. A name that does not fit gives
// nothing, and so matches nothing.
func Lower(buf *[64]byte, name string) []byte {
	if len(name) > len(buf) {
		return nil
	}
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	return buf[:len(name)]
}
