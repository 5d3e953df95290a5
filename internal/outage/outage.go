// Package outage says that what several nodes share cannot be asked just now.
package outage

import "time"

// Error means that the shared store cannot be asked. What it was asked for did not happen, or will be undone.
type Error struct {
	// Why is for the log: it may name hosts.
	Why error
}

// RetryAfter is when asking again makes sense.
const RetryAfter = 5 * time.Second

// Error implements error.
func (e *Error) Error() string { return "the shared store cannot be asked: " + e.Why.Error() }

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Why }
