// Package upstream sends one request to a provider and gives back its answer as it arrives. There are two clients with
// the same behaviour: Pool, an HTTP/1.1 pool of our own that can be cancelled in every phase and never repeats a request,
// and Std on net/http, for what only net/http can do (HTTP/2).
package upstream

import (
	"errors"
	"fmt"
	"net"
	"time"

	"crs/proxyengine/provider"
)

// Client is either implementation. Do gives an answer whose head has arrived, or an *Error, or ErrCanceled. The caller
// must Close the answer. Do never sends a request twice.
type Client interface {
	Do(call *Call, req *Request) (*Answer, error)
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
		err = op.Err // clients are told: the addresses of an open connection are none of their business
	}
	return fmt.Sprintf("%s: %v", e.Phase, err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrCanceled is what a cancelled call ends with, in whichever phase it was.
var ErrCanceled = errors.New("cancelled by the caller")

// errGarbage stands for whatever the parser said: its text may quote the bytes, which are none of a log's business.
var errGarbage = errors.New("the answer is not HTTP/1.1")

func (r *Request) bodyLen() int {
	n := 0
	for _, part := range r.Body {
		n += len(part)
	}
	return n
}
