package proxyengine

import (
	"bytes"

	"crs/internal/jsonscan"
)

// splitter finds where units end in a stream that is fed in fragments: behind which byte of b the first one does, -1 when none
// does.
type splitter interface{ end(b []byte) int }

// eventSplitter finds where the events of a stream end: behind an empty line.
type eventSplitter struct {
	empty bool // the line has nothing in it so far
	cr    bool // the last line ended with CR: an LF that follows belongs to that
}

// end implements splitter.
func (l *eventSplitter) end(b []byte) int {
	for i := 0; i < len(b); {
		c := b[i]
		if c == '\n' && l.cr {
			l.cr = false
			i++
			continue
		}
		if c != '\n' && c != '\r' {
			l.empty, l.cr = false, false
			n := bytes.IndexAny(b[i:], "\r\n")
			if n < 0 {
				return -1
			}
			i += n
			continue
		}
		i++
		if l.cr = c == '\r'; l.empty {
			if l.cr && i < len(b) && b[i] == '\n' {
				l.cr = false
				i++
			}
			return i
		}
		l.empty = true
	}
	return -1
}

// objectSplitter finds where the objects of an array end.
type objectSplitter struct{ nesting jsonscan.Nesting }

// end implements splitter.
func (o *objectSplitter) end(b []byte) int {
	for end := 0; ; {
		n := o.nesting.Close(b[end:], 1)
		if n < 0 {
			return -1
		}
		if end += n; b[end-1] == '}' {
			return end
		}
	}
}
