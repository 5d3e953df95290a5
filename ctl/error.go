// Package ctl is the contract between a running daemon and whatever controls it: the types that go over its socket, the
// errors, and a typed client. It uses the standard library only, so that anything can import it.
package ctl

import (
	"errors"
	"fmt"
)

// Version is the contract's. It stands in every path (/v1/…).
const Version = "v1"

// Code says what kind of error it is, for programs.
type Code string

// The codes.
const (
	Failed       Code = "failed"        // it was tried and did not work
	BadRequest   Code = "usage"         // what was asked for makes no sense
	NotRunning   Code = "not_running"   // nothing listens on the socket; start the daemon
	NotFound     Code = "not_found"     // there is no such thing
	NotPermitted Code = "not_permitted" // somebody else may
	Conflict     Code = "conflict"      // it is there already, or somebody changed it meanwhile; look again
	Unsupported  Code = "unsupported"   // this daemon is older than the client
)

// Error is an error as it goes over the socket, and as crs shows it.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// Hint is what to do about it; "" when there is nothing to say.
	Hint string `json:"hint,omitempty"`
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Errorf makes an Error without a hint.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithHint adds what to do about it.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// CodeOf gives err's code, Failed for an error that is no *Error.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Failed
}

// envelope is how an error is sent.
type envelope struct {
	Error *Error `json:"error"`
}
