// Package sse reads server-sent events beside a stream that is forwarded unchanged, and writes the few that a relay must
// make itself. It follows the WHATWG rules for text/event-stream, on bytes: text is neither decoded nor repaired.
package sse

import (
	"bytes"

	"crs/internal/piecewise"
)

// DefaultMax is the longest line, and the most data in one event, that a Scanner reads. Images and encrypted reasoning
// come in single lines of megabytes.
const DefaultMax = 8 << 20

// An Event is one event of a stream. Name and Data lie in the fragment that was fed or in the scanner's buffers: they are
// valid until [Scanner.On] returns.
type Event struct {
	// Name is the text of the "event:" line. It is empty when there was none, which stands for "message".
	Name []byte
	// Data is the text of the "data:" line; several are joined by LF.
	Data []byte
	// Truncated says that a line was left out because it, or the data with it, was longer than [Scanner.Max].
	Truncated bool
}

// A Scanner is a tap: it is fed what passes by, in whatever fragments it comes, and reports each event once it is complete.
// Set On, then feed. A Scanner belongs to one stream and one goroutine at a time.
type Scanner struct {
	// On is called from within Feed for each event, in order. It must not feed the same scanner.
	On func(Event)
	// Max overrides DefaultMax. It bounds the memory that a stream can take, not the stream: what is longer is skipped.
	Max int

	line     []byte // the line begun in earlier fragments
	skipping bool   // that line is too long: it is dropped up to its end
	afterCR  bool   // the last byte was CR: an LF that follows ends no line of its own
	begun    bool   // the first line is past, and a byte order mark with it

	name, data text
	hasName    bool
	hasData    bool
	truncated  bool
}

// Feed takes the next bytes of the stream. It keeps none of them, except a copy of what belongs to an unfinished event.
func (s *Scanner) Feed(fragment []byte) {
	for len(fragment) > 0 {
		line, rest, ended := bytes.Cut(fragment, lf)
		fragment = rest
		line = s.endLinesAtCR(line)
		switch {
		case !ended:
			s.carry(line)
		case s.afterCR:
			s.afterCR = false // the LF of a CRLF
		default:
			s.endLine(line)
		}
	}
	s.name.keep()
	s.data.keep()
}

// Holds is how many bytes it keeps of an event that is not whole.
func (s *Scanner) Holds() int { return cap(s.line) + cap(s.name.own) + cap(s.data.own) }

// Forget lets go of an event that is not whole: it counts as one longer than Max.
func (s *Scanner) Forget() {
	if s.AtBoundary() {
		return
	}
	s.skipping, s.truncated = s.skipping || len(s.line) > 0, true
	s.line, s.data, s.hasData = nil, text{}, false
}

// AtBoundary reports whether the stream is between two events, so that another one may be written after what was fed.
func (s *Scanner) AtBoundary() bool {
	return len(s.line) == 0 && !s.skipping && !s.hasName && !s.hasData && !s.truncated
}

// Rest is what a stream left unfinished.
type Rest struct {
	// Event is the event as far as it came; empty when there was none. It is valid until the scanner is fed again.
	Event
	// Cut says that the stream ended inside a line, so that the last field may be incomplete.
	Cut bool
}

// Close ends the stream; the scanner is then ready for another one. An event counts only with the blank line after it,
// which is the rule, so an unfinished one is returned and not reported: the caller knows whether its data is worth reading.
func (s *Scanner) Close() Rest {
	cut := len(s.line) > 0 || s.skipping
	if cut {
		s.endLine(nil)
	}
	rest := Rest{s.event(), cut}
	s.reset()
	s.begun, s.afterCR = false, false
	return rest
}

var (
	lf  = []byte("\n")
	bom = []byte("\ufeff")
)

// endLinesAtCR handles the lines of part that end with CR and returns what follows them.
func (s *Scanner) endLinesAtCR(part []byte) []byte {
	if len(part) == 0 {
		return part
	}
	s.afterCR = false
	for {
		i := bytes.IndexByte(part, '\r')
		if i < 0 {
			return part
		}
		s.endLine(part[:i])
		part = part[i+1:]
		s.afterCR = len(part) == 0
	}
}

// carry keeps the beginning of a line for the fragments to come.
func (s *Scanner) carry(part []byte) {
	if s.skipping || s.tooLong(len(s.line)+len(part)) {
		s.skipping = true
		s.line = s.line[:0]
		return
	}
	s.line = piecewise.Append(s.line, part)
}

// endLine handles a line whose last part has come.
func (s *Scanner) endLine(last []byte) {
	switch {
	case s.skipping || s.tooLong(len(s.line)+len(last)):
		s.skipping, s.truncated, s.begun = false, true, true
	case len(s.line) == 0:
		s.wholeLine(last)
	default:
		s.line = piecewise.Append(s.line, last)
		s.wholeLine(s.line)
		s.name.keep() // the next line that is carried takes the same place
		s.data.keep()
	}
	s.line = piecewise.Reusable(s.line)
}

func (s *Scanner) wholeLine(line []byte) {
	if !s.begun {
		s.begun = true
		line = bytes.TrimPrefix(line, bom)
	}
	if len(line) > 0 {
		s.field(line)
		return
	}
	if s.hasData || s.truncated {
		s.On(s.event())
	}
	s.reset()
}

// field takes one line of an event. Comments begin with ':', and with other fields they do not matter here.
func (s *Scanner) field(line []byte) {
	if value, ok := fieldValue(line, "data"); ok {
		s.addData(value)
	} else if value, ok := fieldValue(line, "event"); ok {
		s.name.set(value)
		s.hasName = true
	}
}

func fieldValue(line []byte, name string) (value []byte, ok bool) {
	if len(line) < len(name) || string(line[:len(name)]) != name {
		return nil, false
	}
	value = line[len(name):]
	if len(value) == 0 {
		return value, true
	}
	if value[0] != ':' {
		return nil, false
	}
	if len(value) > 1 && value[1] == ' ' {
		return value[2:], true
	}
	return value[1:], true
}

func (s *Scanner) addData(value []byte) {
	switch {
	case !s.hasData:
		s.data.set(value)
		s.hasData = true
	case s.tooLong(len(s.data.bytes) + 1 + len(value)):
		s.truncated = true
	default:
		s.data.addLine(value)
	}
}

func (s *Scanner) tooLong(n int) bool {
	if s.Max == 0 {
		return n > DefaultMax
	}
	return n > s.Max
}

func (s *Scanner) event() Event {
	return Event{Name: s.name.bytes, Data: s.data.bytes, Truncated: s.truncated}
}

func (s *Scanner) reset() {
	s.name.clear()
	s.data.clear()
	s.hasName, s.hasData, s.truncated = false, false, false
}
