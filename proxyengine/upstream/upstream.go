// Package upstream sends one request to a provider and gives back its answer as it arrives. There are two clients with
// the same behaviour: Pool, an HTTP/1.1 pool of our own that can be cancelled in every phase and never repeats a request,
// and Std on net/http, for what only net/http can do (HTTP/2).
package upstream

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"crs/proxyengine/provider"
)

// Client is either implementation. Do gives an answer whose head has arrived, or an *Error, or ErrCanceled. The caller
// must Close the answer. Do never sends a request twice.
type Client interface {
	Do(call *Call, req *Request) (*Answer, error)
	// Free drops a connection, or more, that no request uses, and reports whether there was any.
	Free() bool
	// Close drops the connections that no request uses. Requests under way go on.
	Close()
}

// Request is one request to send. It is only read.
type Request struct {
	Owner    string // account: connections are not shared between owners
	Endpoint provider.Endpoint
	Proxy    *Proxy // nil: direct
	Method   string
	Target   string // path and query, as it goes on the request line
	Header   provider.Header
	Body     [][]byte // the parts one after another; nil for none
	Clocks   Clocks
}

// Clocks are how long each phase may take. A zero clock does not run.
type Clocks struct {
	Connect   time.Duration // TCP, proxy and TLS handshake together
	Write     time.Duration // sending the whole request
	Stall     time.Duration // sending each piece of a large body; zero is no clock of its own. net/http has none
	FirstByte time.Duration // from the last byte sent to the head of the answer
	Idle      time.Duration // between two reads of the body
}

// Phase is how far a request had come.
type Phase string

// The phases of a request.
const (
	Dial  Phase = "connect"
	Write Phase = "send"
	Head  Phase = "first byte"
	Body  Phase = "body"
)

// Error is a request that failed in transport.
type Error struct {
	Phase   Phase
	Timeout bool
	// Sent means that the whole request had gone out, so that the upstream may have done the work: repeating it may
	// charge twice.
	Sent bool
	Err  error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Timeout {
		return fmt.Sprintf("%s: timed out", e.Phase)
	}
	err := e.Err
	var op *net.OpError
	if e.Phase != Dial && errors.As(err, &op) {
		err = op.Err // the addresses of an open connection tell nobody anything
	}
	return fmt.Sprintf("%s: %v", e.Phase, err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrCanceled is what a cancelled call ends with, in whichever phase it was.
var ErrCanceled = errors.New("cancelled by the caller")

// errStatus: what is neither an answer nor the way to one.
func errStatus(status int) error { return fmt.Errorf("the answer's status is %03d", status) }

// errInterim: no upstream has that much to say before its answer.
var errInterim = errors.New("too many interim answers (1xx)")

// errUnsendable is a head that would not arrive as it was meant.
var errUnsendable = errors.New("the request's head holds a line break, a NUL, or a blank where none may be")

// Unsendable reports whether a request was not sent because of what stands in its head.
func Unsendable(err error) bool { return errors.Is(err, errUnsendable) }

// sendable refuses what would end a line of the head early: one request must not become two, nor gain a field.
func (r *Request) sendable() error {
	ok := isWord(r.Method) && isWord(r.Target) && isWord(r.Endpoint.Host)
	for i := range r.Header {
		f := &r.Header[i]
		ok = ok && isWord(f.Name) && strings.IndexByte(f.Name, ':') < 0 && isLine(f.Value)
	}
	if !ok {
		return &Error{Phase: Dial, Err: errUnsendable}
	}
	return nil
}

// isWord reports whether a text can stand where a blank would end it.
func isWord(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] == 0x7f {
			return false
		}
	}
	return text != ""
}

func isLine(text string) bool {
	return strings.IndexByte(text, '\r') < 0 && strings.IndexByte(text, '\n') < 0 && strings.IndexByte(text, 0) < 0
}

// errGarbage stands for whatever the parser said: its text may quote the bytes, which are none of a log's business.
var errGarbage = errors.New("the answer is not HTTP/1.1")

func (r *Request) bodyLen() int {
	n := 0
	for _, part := range r.Body {
		n += len(part)
	}
	return n
}
