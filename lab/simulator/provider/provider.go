// Package provider is what a simulated provider is made of: it says which requests it answers, refuses what the real one
// refuses, and renders answers. What a script does to an answer on its way is the simulator's business.
package provider

import (
	"iter"
	"time"

	"crs/internal/usage"
)

// A Provider imitates one family of APIs. Adding one is a package with this interface, a line in the simulator's list, and one
// for its kinds of errors; scripts, faults and records come with the simulator.
type Provider interface {
	// Find gives what answers a path, or nil.
	Find(method, path string) *Endpoint
	// Refusal renders an error status in the provider's shape.
	Refusal(c *Call, f Failure) Reply
	// Failure is what an error status means there, of the kind the script's word names.
	Failure(c *Call, st *Step) Failure
}

// Options are what all providers are told.
type Options struct {
	Usage   usage.Tokens // what an answer bills unless its step says otherwise
	BadKeys []string     // credentials that are refused
}

// Endpoint answers one kind of request.
type Endpoint struct {
	Inference bool
	// When tells whether a request is meant for it, where several providers have the path. nil is always.
	When func(c *Call) bool
	// Admit checks the request, and fills in its credential, account and prompt. It may go on when that gives nil, and without it.
	Admit func(c *Call) *Failure
	// Answer renders a success in the shape that the step asks for. What else the step does is not its business.
	Answer func(c *Call, st *Step) Reply
}

// Routes are endpoints by method and path, such as "GET /v1/models".
type Routes map[string]*Endpoint

// Find gives the endpoint of a path, or nil.
func (r Routes) Find(method, path string) *Endpoint { return r[method+" "+path] }

// Call is one request as providers see it. Its body does not outlive the answer.
type Call struct {
	Number int64 // counts the requests; every identifier in the answer is made of it
	At     time.Time
	Method string
	Path   string // as it was sent
	Query  string
	Header Headers
	Body   []byte

	Inference  bool
	Credential string
	Account    string
	Prompt     Prompt
	Details    any // what Admit read besides, for Answer

	Reply  Reply
	Status int // that was sent
	Sent   int // events that were sent
}

// Prompt is what answers take up of a request.
type Prompt struct {
	Model  string
	Stream bool
	Text   string // the last that the user said
	Ping   bool   // the last message contains "ping"
}

// Reply is an answer, before its step spoils it.
type Reply struct {
	Status  int
	Content string // content type
	Header  string // lines, each with its end
	Body    []byte
	Stream  iter.Seq[Event]          // instead of Body
	Framed  bool                     // the stream is binary, its events are frames
	Trouble func(kind string) []byte // renders an error inside the stream, after the events that were sent
	Tokens  usage.Tokens
}

// Event is one event of a stream.
type Event struct {
	Text    []byte
	Content bool // it carries content, which "after" of an error counts
	Spoilt  bool // it is broken on purpose
}

// Failure is an error answer before it has its provider's shape.
type Failure struct {
	Status  int
	Kind    string // the error's type on the wire
	Message string
	Detail  string // error_code, or code, where there is one
	Param   string // the field that is wrong, where errors name one
	Members []any  // further members of the error, names and values in turn
	Page    bool   // a web page instead of all that
	Header  string // lines, each with its end
}

// Content types.
const (
	JSONType   = "application/json"
	EventsType = "text/event-stream; charset=utf-8"
)

// Answered is a success in JSON.
func Answered(header string, body []byte) Reply {
	return Reply{Status: 200, Content: JSONType, Header: header, Body: body}
}
