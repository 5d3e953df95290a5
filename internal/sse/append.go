package sse

import "bytes"

// AppendEvent appends one event to dst: name when it is not empty, then data, in as many lines as it has. Every kind of
// line break in data separates lines, and reads back as LF; in name, which can have none, they become spaces.
func AppendEvent(dst []byte, name string, data []byte) []byte {
	if name != "" {
		dst = append(dst, "event: "...)
		at := len(dst)
		dst = append(dst, name...)
		for i, c := range dst[at:] {
			if c == '\r' || c == '\n' {
				dst[at+i] = ' '
			}
		}
		dst = append(dst, '\n')
	}
	for {
		line, rest, more := cutLine(data)
		dst = append(dst, "data: "...)
		dst = append(dst, line...)
		dst = append(dst, '\n')
		if !more {
			return append(dst, '\n')
		}
		data = rest
	}
}

// cutLine splits data at its first CR, LF or CRLF.
func cutLine(data []byte) (line, rest []byte, more bool) {
	line, rest, more = bytes.Cut(data, lf)
	cr := bytes.IndexByte(line, '\r')
	if cr < 0 {
		return line, rest, more
	}
	if cr < len(line)-1 || !more {
		rest = data[cr+1:]
	}
	return line[:cr], rest, true
}
