package provider

import "strings"

// Field is one header field. The name keeps the case it had on the wire.
type Field struct{ Name, Value string }

// Header is the fields of a message, in wire order. Look-ups ignore case.
type Header []Field

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
