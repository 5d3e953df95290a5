package bedrock

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"crs/internal/piecewise"
)

// frames takes AWS's event stream apart (protocols.md, C.5), in whatever fragments it comes:
//
//	u32 length of all | u32 length of the headers | u32 CRC of these eight bytes | headers | payload | u32 CRC of all before
type frames struct {
	// on is called for each frame; what it is given is valid until it returns.
	on func(frame) error

	rest []byte // the beginning of a frame whose end has not come
}

// frame is one message. The texts are those of its headers that mean something here.
type frame struct {
	kind      []byte // :message-type: event, exception or error
	event     []byte // :event-type
	exception []byte // :exception-type
	code      []byte // :error-code
	message   []byte // :error-message
	payload   []byte
}

const (
	preludeLength = 12
	leastFrame    = 16
	mostFrame     = 16 << 20
	mostHeaders   = 128 << 10
)

var errFrame = errors.New("the event stream makes no sense")

// feed takes the next bytes, and keeps a copy of those that belong to an unfinished frame.
func (f *frames) feed(p []byte) error {
	for len(p) > 0 {
		if len(f.rest) == 0 {
			n, err := frameLength(p)
			switch {
			case err != nil:
				return err
			case n == 0 || n > len(p):
				f.rest = append(f.rest, p...)
				return nil
			}
			if err := f.whole(p[:n]); err != nil {
				return err
			}
			p = p[n:]
			continue
		}
		var err error
		if p, err = f.complete(p); err != nil {
			return err
		}
	}
	return nil
}

// complete adds to the unfinished frame what it needs first: its lengths, then the rest.
func (f *frames) complete(p []byte) (left []byte, err error) {
	n, err := frameLength(f.rest)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		take := min(preludeLength-len(f.rest), len(p))
		f.rest = append(f.rest, p[:take]...)
		_, err := frameLength(f.rest)
		return p[take:], err
	}
	take := min(n-len(f.rest), len(p))
	f.rest = append(f.rest, p[:take]...)
	if len(f.rest) == n {
		if err := f.whole(f.rest); err != nil {
			return nil, err
		}
		f.rest = piecewise.Reusable(f.rest)
	}
	return p[take:], nil
}

// frameLength is that of the frame that b begins with; 0 while b does not tell.
func frameLength(b []byte) (int, error) {
	if len(b) < preludeLength {
		return 0, nil
	}
	all, headers := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	switch {
	case crc32.ChecksumIEEE(b[:8]) != binary.BigEndian.Uint32(b[8:]):
		return 0, fmt.Errorf("%w: the checksum of a frame's lengths is wrong", errFrame)
	case all < leastFrame || all > mostFrame:
		return 0, fmt.Errorf("%w: a frame of %d bytes", errFrame, all)
	case headers > all-leastFrame || headers > mostHeaders:
		return 0, fmt.Errorf("%w: %d bytes of headers in a frame of %d", errFrame, headers, all)
	}
	return int(all), nil
}

func (f *frames) whole(b []byte) error {
	end := len(b) - 4
	if crc32.ChecksumIEEE(b[:end]) != binary.BigEndian.Uint32(b[end:]) {
		return fmt.Errorf("%w: a frame's checksum is wrong", errFrame)
	}
	headers := preludeLength + int(binary.BigEndian.Uint32(b[4:]))
	m := frame{payload: b[headers:end]}
	if err := m.readHeaders(b[preludeLength:headers]); err != nil {
		return err
	}
	return f.on(m)
}

var errHeader = fmt.Errorf("%w: a frame's headers are broken", errFrame)

// readHeaders reads u8 length of the name | name | u8 type | value.
func (m *frame) readHeaders(b []byte) error {
	for len(b) > 0 {
		name, rest, ok := cut(b[1:], int(b[0]))
		if !ok || len(name) == 0 || len(rest) == 0 {
			return errHeader
		}
		kind := rest[0]
		n, skip, ok := valueLength(kind, rest[1:])
		if !ok {
			return errHeader
		}
		value, after, ok := cut(rest[1+skip:], n)
		if !ok {
			return errHeader
		}
		if kind == typeString {
			m.take(name, value)
		}
		b = after
	}
	return nil
}

const (
	typeBytes  = 6
	typeString = 7
)

// valueLength is how long a value of a type is, and how many bytes before it say so.
func valueLength(kind byte, b []byte) (n, skip int, ok bool) {
	if kind == typeBytes || kind == typeString {
		if len(b) < 2 {
			return 0, 0, false
		}
		return int(binary.BigEndian.Uint16(b)), 2, true
	}
	fixed := [...]int{0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16} // true, false, whole numbers, a time, a UUID
	if int(kind) >= len(fixed) {
		return 0, 0, false
	}
	return fixed[kind], 0, true
}

func (m *frame) take(name, value []byte) {
	switch string(name) {
	case ":message-type":
		m.kind = value
	case ":event-type":
		m.event = value
	case ":exception-type":
		m.exception = value
	case ":error-code":
		m.code = value
	case ":error-message":
		m.message = value
	}
}

func cut(b []byte, n int) (first, rest []byte, ok bool) {
	if n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}
