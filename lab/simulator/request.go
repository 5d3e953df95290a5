package simulator

import (
	"time"

	"crs/lab/simulator/provider"
)

// Headers are the header fields of a request in the order and the case they were sent in, and Header is one of them.
type (
	Headers = provider.Headers
	Header  = provider.Header
)

// Request is one request that the simulator saw, and how it ended.
type Request struct {
	Method     string  `json:"method"`
	Path       string  `json:"path"`
	Query      string  `json:"query,omitempty"`
	Header     Headers `json:"header"`
	BodySHA256 string  `json:"body_sha256"` // hexadecimal
	BodyLen    int     `json:"body_len"`
	// Credential is what was presented: an API key, an access token, or a refresh token at the token endpoint.
	Credential string `json:"credential,omitempty"`
	// Account is whose it is: the credential itself, or the first access token of an OAuth account.
	Account string    `json:"account,omitempty"`
	Model   string    `json:"model,omitempty"`
	At      time.Time `json:"at"`
	// Step is the step that answered, as the script has it; empty when the request was refused without the script.
	Step   string `json:"step,omitempty"`
	Status int    `json:"status,omitempty"` // 0 when no status line was sent
	// EndedAt is zero while the request is being answered.
	EndedAt time.Time `json:"ended_at,omitzero"`
	Outcome Outcome   `json:"outcome"`
	// EventsSent counts the events of a stream that were sent whole.
	EventsSent int `json:"events_sent,omitempty"`
}

// Outcome is how a request ended.
type Outcome string

const (
	Running  Outcome = "running"  // not ended yet
	Served   Outcome = "served"   // a success was sent whole; an inference is billed
	Canceled Outcome = "canceled" // the client left before that
	Faulted  Outcome = "faulted"  // the answer was an error, or was broken off or spoilt by its step
)
