package jsonscan

import "bytes"

// Text follows the strings of JSON that goes by, cut anywhere.
type Text struct {
	// Within says that what comes next is in a string.
	Within bool
	odd    bool // an odd number of backslashes came just before
}

// Begin is told behind the quote with which a string begins.
func (t *Text) Begin() { *t = Text{Within: true} }

// Skip gives how much of p is in the string, with the quote that ends it.
func (t *Text) Skip(p []byte) (n int) {
	for {
		jump := bytes.IndexByte(p[n:], '"')
		text := p[n:]
		if jump >= 0 {
			text = p[n : n+jump]
		}
		slashes := len(text) - len(bytes.TrimRight(text, `\`))
		if t.odd && slashes == len(text) {
			slashes++
		}
		t.odd = slashes%2 == 1
		if jump < 0 {
			return len(p)
		}
		if n += jump + 1; !t.odd {
			t.Within = false
			return n
		}
		t.odd = false
	}
}

// Nesting follows the brackets of JSON that goes by, cut anywhere. It does not look at which is which.
type Nesting struct {
	Depth int
	text  Text
}

// Close gives the place in p behind the bracket that brings the depth down to depth, -1 when it does not come.
func (n *Nesting) Close(p []byte, depth int) int {
	for i := 0; i < len(p); {
		if n.text.Within {
			i += n.text.Skip(p[i:])
			continue
		}
		c := p[i]
		i++
		switch c {
		case '"':
			n.text.Begin()
		case '{', '[':
			n.Depth++
		case '}', ']':
			if n.Depth--; n.Depth == depth {
				return i
			}
		}
	}
	return -1
}
