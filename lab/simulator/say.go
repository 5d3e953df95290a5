package simulator

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Texts of answers, when neither the script nor the prompt gives one. They have characters of several bytes on purpose.
const (
	pong    = "pong — the simulator heard you."
	nothing = "You said nothing — and I have nothing to add."
)

// quoted is how much of the user's text an answer quotes, in bytes of the request.
const quoted = 60

// pieceSize is how much text one event carries, about: a token or two.
const pieceSize = 8

// mostPieces is how many events a text takes, unless the step says otherwise.
const mostPieces = 16

// text is what the answer says, at the length that the step asks for.
func (s *shape) text(p *prompt) string {
	t := s.say
	switch {
	case t != "":
	case p.ping:
		t = pong
	case len(p.text) == 0:
		t = nothing
	default:
		t = echo(p.text)
	}
	if s.size > 0 {
		return exactly(t, int(s.size))
	}
	if want := s.events * pieceSize; want > len(t) {
		return exactly(t, want)
	}
	return t
}

// pieces is how many events the text t takes.
func (s *shape) pieces(t string) int {
	if s.events > 0 {
		return s.events
	}
	return max(1, min(mostPieces, len(t)/pieceSize))
}

// piece is the part of t that event i of n carries.
func piece(t string, i, n int) string { return t[border(t, i, n):border(t, i+1, n)] }

// border is where part i of n begins: at a character, so that the parts make t again.
func border(t string, i, n int) int {
	at := len(t) * i / n
	for at < len(t) && !utf8.RuneStart(t[at]) {
		at++
	}
	return at
}

// exactly repeats t up to size bytes, and fills up with dots what is less than a character.
func exactly(t string, size int) string {
	if len(t) < size {
		t = strings.Repeat(t+" ", size/(len(t)+1)+1)
	}
	end := size
	for end > 0 && end < len(t) && !utf8.RuneStart(t[end]) {
		end--
	}
	return t[:end] + strings.Repeat(".", size-end)
}

// echo quotes the beginning of what the user said, which is still escaped as JSON.
func echo(said []byte) string {
	begin, more := opening(said), ""
	if len(begin) < len(said) {
		more = "…"
	}
	return "You said “" + string(bytes.TrimSpace(unescape(begin))) + more + "” — that is all I know."
}

// opening cuts the beginning out of a text that is still escaped, between two characters.
func opening(raw []byte) []byte {
	end := 0
	for end < len(raw) && end < quoted {
		if raw[end] == '\\' {
			end++
			if raw[end] == 'u' {
				end += 4
			}
		}
		end++
	}
	for end < len(raw) && !utf8.RuneStart(raw[end]) {
		end++
	}
	return raw[:min(end, len(raw))]
}
