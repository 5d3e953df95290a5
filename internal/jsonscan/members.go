package jsonscan

import "bytes"

// Members reads a JSON object as it goes by, cut anywhere, and keeps the few members that matter. The rest may be pictures
// or vectors, megabytes of them, and is not kept. Like a [Scanner] it follows framing and validates nothing. Set Names, then
// feed.
type Members struct {
	// Names are the members that are kept, at most MostNames.
	Names []string

	depth   int
	at      position
	text    Text
	keeping bool // what comes is kept in buf
	buf     []byte
	into    *[]byte // where the value goes that is being kept; nil for a key
	kept    [MostNames][]byte
	forgot  bool // what is being kept is let go
}

// MostNames bounds the members that are kept.
const MostNames = 8

// position is where in the outermost object the next byte is.
type position uint8

const (
	beforeAll position = iota
	atKey
	inValue
	behindAll
	broken
)

const (
	// mostKept bounds one member. What is longer is not kept.
	mostKept = 1 << 20
	// longestName is beyond any name that is looked for.
	longestName = 64
	// smallMember is what a member may have to stay when memory is short.
	smallMember = 16 << 10
)

// Complete reports whether the object has ended.
func (m *Members) Complete() bool { return m.at == behindAll }

// Value gives a member as it was written, nil when it has not come or was too long.
func (m *Members) Value(name string) []byte {
	for i, n := range m.Names {
		if n == name {
			return m.kept[i]
		}
	}
	return nil
}

// Holds is how many bytes it keeps.
func (m *Members) Holds() int {
	n := cap(m.buf)
	for _, value := range m.kept {
		n += cap(value)
	}
	return n
}

// Forget lets go of what is large: it then counts as too long to be kept.
func (m *Members) Forget() {
	m.buf, m.forgot = nil, m.keeping
	for i, value := range m.kept {
		if cap(value) > smallMember {
			m.kept[i] = nil
		}
	}
}

// Feed takes the next bytes. It keeps none of them but copies.
func (m *Members) Feed(p []byte) {
	from := 0 // of what is to be kept
	for i := 0; i < len(p); {
		if m.text.Within {
			i += m.text.Skip(p[i:])
			if !m.text.Within && m.keeping && m.into == nil {
				m.keep(p[from : i-1])
				m.keeping = false
			}
			continue
		}
		c := p[i]
		i++
		switch m.step(c) {
		case begins:
			from = i
		case ends:
			m.keep(p[from : i-1])
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
func (m *Members) step(c byte) turn {
	switch c {
	case ' ', '\t', '\r', '\n':
		return nothing
	case '"':
		m.text.Begin()
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

func (m *Members) stepKey(c byte) turn {
	switch c {
	case '"':
		if m.buf == nil {
			m.buf = make([]byte, 0, longestName)
		}
		m.buf, m.into, m.keeping, m.forgot = m.buf[:0], nil, true, false
		return begins
	case ':':
		m.at, m.into = inValue, nil
		for i, n := range m.Names {
			if string(m.buf) == n && !m.forgot {
				m.into = &m.kept[i]
			}
		}
		m.buf, m.keeping, m.forgot = m.buf[:0], m.into != nil, false
		return begins
	case '}':
		m.at = behindAll
	case ',':
	default:
		m.at = broken
	}
	return nothing
}

func (m *Members) stepValue(c byte) turn {
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
func (m *Members) keep(part []byte) {
	most := mostKept
	if m.into == nil {
		most = longestName
	}
	switch {
	case !m.keeping || m.forgot:
	case len(m.buf)+len(part) > most:
		m.buf, m.forgot = nil, true
	default:
		m.buf = append(m.buf, part...)
	}
}

// close ends the value that is being kept.
func (m *Members) close() {
	if m.keeping {
		*m.into = nil
		if !m.forgot {
			*m.into = bytes.Clone(bytes.TrimSpace(m.buf))
		}
	}
	m.buf, m.keeping, m.forgot = m.buf[:0], false, false
}
