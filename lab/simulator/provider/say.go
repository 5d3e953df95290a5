package provider

import (
	"strings"
	"unicode/utf8"
)

// What the optional parts of an answer contain.
const (
	// ToolName is the tool that a step with "tool" calls, and ToolInput what it calls it with.
	ToolName  = "Read"
	ToolInput = `{"file_path":"/tmp/simulated.txt"}`
	// Thoughts are what a step with "thinking" thinks, and Signature what they are signed with.
	Thoughts  = "Let me think — the user wants an answer, and this one is simulated."
	Signature = "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrzLoky3dl1pkiMOYds"
)

// Page is what gateways and captive portals answer instead of JSON.
const Page = "<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head>" +
	"<body><h1>Checking your browser</h1><p>This is not the API.</p></body></html>\n"

// Texts of answers, when neither the script nor the prompt gives one. They have characters of several bytes on purpose.
const (
	pong    = "pong — the simulator heard you."
	nothing = "You said nothing — and I have nothing to add."
)

const (
	quoted     = 60 // how much of the user's text an answer quotes, in bytes
	pieceSize  = 8  // how much text one event carries, about: a token or two
	mostPieces = 16 // how many events a text takes, unless the step says otherwise
)

// Text is what the answer says, at the length that the step asks for.
func (s *Shape) Text(p *Prompt) string {
	t := s.Say
	switch {
	case t != "":
	case p.Ping:
		t = pong
	case p.Text == "":
		t = nothing
	default:
		t = echo(p.Text)
	}
	if s.Size > 0 {
		return exactly(t, int(s.Size))
	}
	if want := s.Events * pieceSize; want > len(t) {
		return exactly(t, want)
	}
	return t
}

// Pieces is how many events the text t takes.
func (s *Shape) Pieces(t string) int {
	if s.Events > 0 {
		return s.Events
	}
	return max(1, min(mostPieces, len(t)/pieceSize))
}

// Piece is the part of t that event i of n carries.
func Piece(t string, i, n int) string { return t[border(t, i, n):border(t, i+1, n)] }

// border is where part i of n begins: at a character, so that the parts make t again.
func border(t string, i, n int) int { return nextRune(t, len(t)*i/n) }

func nextRune(t string, at int) int {
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

// echo quotes the beginning of what the user said.
func echo(said string) string {
	begin, more := said[:nextRune(said, min(quoted, len(said)))], ""
	if len(begin) < len(said) {
		more = "…"
	}
	return "You said “" + strings.TrimSpace(begin) + more + "” — that is all I know."
}
