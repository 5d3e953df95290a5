package simulator

import (
	"bytes"
	"time"

	"crs/internal/usage"
)

// A provider imitates one family of APIs. Adding one is a file with this interface, a line in Start, and one in
// statusWords for its kinds of errors; scripts, faults and records come with the rest of the package.
type provider interface {
	// find gives what answers a path, or nil.
	find(method, path []byte) *endpoint
	// refusal renders an error status in the provider's shape.
	refusal(c *call, f failure) reply
	// failure is what an error status means there, of the kind the script's word names.
	failure(c *call, st *step) failure
	// errorEvent renders an error inside a stream.
	errorEvent(c *call, kind string) []byte
}

// endpoint answers one kind of request.
type endpoint struct {
	inference bool
	// when tells whether a request is meant for it, where several providers have the path. nil is always.
	when func(c *call) bool
	// admit checks the request, and fills in its credential, account and prompt. nil means that it may go on.
	admit func(c *call) *failure
	// answer renders a success in the shape that the step asks for. What else the step does is not its business.
	answer func(c *call, st *step) reply
}

// failure is an error answer before it has its provider's shape.
type failure struct {
	status  int
	kind    string // the error's type on the wire
	message string
	detail  string // error_code, or code, where there is one
	param   string // the field that is wrong, where errors name one
	members []byte // further members of the error, each with the comma before it
	page    bool   // a web page instead of all that
	fields  []byte // header lines, each with its line end
}

const (
	jsonType   = "application/json"
	eventsType = "text/event-stream; charset=utf-8"
)

// reply is an answer, before its step spoils it. Its bytes may be the call's scratch.
type reply struct {
	status  int
	content string // content type
	fields  []byte // header lines, each with its line end
	body    []byte
	stream  streamer // instead of body
	framed  bool     // the stream is binary, its events are frames
	tokens  usage.Tokens
}

// streamer renders the events of a stream one after the other.
type streamer interface {
	// events calls out.event for each event and stops when that says so.
	events(out *sender)
}

// call is one request as providers see it. Its bytes do not outlive the answer.
type call struct {
	number  int64 // counts the requests; every identifier in the answer is made of it
	at      time.Time
	method  []byte
	path    []byte
	query   []byte
	header  []byte // the block as it was on the wire
	body    []byte
	http10  bool // the client does not know chunks
	closing bool // the client wants the connection closed afterwards

	inference  bool
	credential string
	account    string
	prompt     prompt
	asked      asked // of OpenAI's protocols

	scratch []byte // for providers to render into; see keep
	event   []byte // for providers to render the events of a stream in, one after the other
	reply   reply
	sent    sent
}

// sent is how much of the answer went out.
type sent struct {
	status, events int
}

// prompt is what answers take up of a request. Its bytes are JSON as it was sent.
type prompt struct {
	model  []byte // with its quotes
	stream bool
	text   []byte // the last that the user said, without quotes, still escaped
	ping   bool   // the last message contains "ping"
	parts  int    // how many texts are to be embedded, of a list of them
}

// modelName is the model as text, "" when the request names none.
func (p *prompt) modelName() string {
	if len(p.model) < 2 || p.model[0] != '"' {
		return ""
	}
	return string(unescape(p.model[1 : len(p.model)-1]))
}

// keep says that b, which began as the scratch, is part of the answer: the scratch goes on behind it.
func (c *call) keep(b []byte) []byte {
	kept := b[len(c.scratch):]
	c.scratch = b
	return kept[:len(kept):len(kept)]
}

// field gives the value of a header field, or nil.
func (c *call) field(name string) []byte {
	for line := range bytes.SplitSeq(c.header, []byte{'\n'}) {
		if len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return bytes.TrimSpace(line[len(name)+1:])
		}
	}
	return nil
}

// bearer gives the token of an Authorization field, or nil.
func (c *call) bearer() []byte {
	const scheme = "bearer "
	v := c.field("authorization")
	if len(v) < len(scheme) || !bytes.EqualFold(v[:len(scheme)], []byte(scheme)) {
		return nil
	}
	return bytes.TrimSpace(v[len(scheme):])
}
