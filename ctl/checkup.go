package ctl

import (
	"time"
)

// State is what came of a check.
type State string

// The states.
const (
	OK      State = "ok"
	Warning State = "warning" // it works, and may cause trouble
	Bad     State = "failed"  // it does not work
	Skipped State = "skipped" // it was not looked at; the detail says why
)

// Check is something that was looked at.
type Check struct {
	Name string `json:"name"` // what kind of thing: exit, clock, tls, disk, …
	// Subject is which one, such as a host or a file; "" when there is but one.
	Subject string `json:"subject,omitempty"`
	// Accounts are the names of those that it is about.
	Accounts []string `json:"accounts,omitempty"`
	State    State    `json:"state"`
	Detail   string   `json:"detail"`
	Hint     string   `json:"hint,omitempty"` // what to do about it
}

// CanaryPath is where a daemon takes canaries, below the address that clients use.
const CanaryPath = "/canary"

// Canary is what canaries are sent with: requests that come to a daemon the way that clients' requests come, and that it
// answers with what has arrived of them.
type Canary struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}
