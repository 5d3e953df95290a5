package openai

import "bytes"

// members reads a JSON object as it goes by, cut anywhere, and keeps the few members that matter. The rest may be pictures
// or vectors, megabytes of them, and is not kept. Like jsonscan it follows framing and validates nothing.
type members struct {
	depth   int
	at      position
	quoted  bool // within a string
	slashes int  // how many backslashes came just before, in a string
	keeping bool // what comes is kept in buf
	buf     []byte
	into    *[]byte // where the value goes that is being kept; nil for a key
	kept    [len(keptNames)][]byte
}

// position is where in the outermost object the next byte is.
type position uint8

const (
	beforeAll position = iota
	atKey
	inValue
	behindAll
	broken
)

// keptNames are the members that are kept.
var keptNames = [...]string{"usage", "model", "error", "service_tier", "output"}

// mostKept bounds one member. What is longer is not kept.
const mostKept = 1 << 20

// whole reports whether the object has ended.
func (m *members) whole() bool { return m.at == behindAll }

// value gives a member as it was written, nil when it has not come or was too long.
func (m *members) value(name string) []byte {
	for i, n := range keptNames {
		if n == name {
			return m.kept[i]
		}
	}
	return nil
}

// feed takes the next bytes. It keeps none of them but copies.
func (m *members) feed(p []byte) {
	from := 0 // of what is to be kept
	for i := 0; i < len(p); i++ {
		if m.quoted {
			if i = m.skipText(p, i); m.quoted {
				break
			}
			if m.keeping && m.into == nil {
				m.keep(p[from:i])
				m.keeping = false
			}
			continue
		}
		switch m.step(p[i]) {
		case begins:
			from = i + 1
		case ends:
			m.keep(p[from:i])
			m.close()
		}
	}
	if m.keeping {
		m.keep(p[from:])
	}
}

// turn is what a byte does to what is kept.
type turn uint8

const (
	nothing turn = iota
	begins
	ends
)

// step takes a byte outside of strings.
func (m *members) step(c byte) turn {
	switch c {
	case ' ', '\t', '\r', '\n':
		return nothing
	case '"':
		m.quoted, m.slashes = true, 0
	}
	switch m.at {
	case beforeAll:
		m.depth, m.at = 1, atKey
		if c != '{' {
			m.at = broken
		}
	case atKey:
		return m.stepKey(c)
	case inValue:
		return m.stepValue(c)
	case behindAll:
		m.at = broken
	}
	return nothing
}

func (m *members) stepKey(c byte) turn {
	switch c {
	case '"':
		m.buf, m.into, m.keeping = m.buf[:0], nil, true
		return begins
	case ':':
		m.at, m.into = inValue, nil
		for i, n := range keptNames {
			if string(m.buf) == n {
				m.into = &m.kept[i]
			}
		}
		m.buf, m.keeping = m.buf[:0], m.into != nil
		return begins
	case '}':
		m.at = behindAll
	case ',':
	default:
		m.at = broken
	}
	return nothing
}

func (m *members) stepValue(c byte) turn {
	switch {
	case c == '{', c == '[':
		m.depth++
	case m.depth > 1 && (c == '}' || c == ']'):
		m.depth--
	case m.depth == 1 && c == ',':
		m.at = atKey
		return ends
	case m.depth == 1 && c == '}':
		m.at = behindAll
		return ends
	}
	return nothing
}

// keep adds to what is being kept.
func (m *members) keep(part []byte) {
	if m.keeping && len(m.buf) <= mostKept {
		m.buf = append(m.buf, part...)
	}
}

// close ends the value that is being kept.
func (m *members) close() {
	if m.keeping {
		*m.into = nil
		if len(m.buf) <= mostKept {
			*m.into = bytes.Clone(bytes.TrimSpace(m.buf))
		}
	}
	m.buf, m.keeping = m.buf[:0], false
}

// skipText moves to the quote that ends the string, or to the end of p. The quote counts when an even number of
// backslashes stands before it.
func (m *members) skipText(p []byte, i int) int {
	for {
		jump := bytes.IndexByte(p[i:], '"')
		text := p[i:]
		if jump >= 0 {
			text = p[i : i+jump]
		}
		slashes := len(text) - len(bytes.TrimRight(text, `\`))
		if slashes == len(text) {
			slashes += m.slashes
		}
		m.slashes = slashes % 2
		if jump < 0 {
			return len(p)
		}
		if i += jump; m.slashes == 0 {
			m.quoted = false
			return i
		}
		m.slashes = 0
		i++
	}
}
