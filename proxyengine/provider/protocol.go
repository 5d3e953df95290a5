package provider

import "time"

// Protocol is a language that clients speak to the relay.
type Protocol interface {
	Name() string
	// Routes are what clients may ask for, below each mount.
	Routes() []Route
	// Inspect reads what a request wants. A request that makes no sense is a *Fault.
	Inspect(service string, in *Inbound) (Intent, error)
	// Fault puts f into the protocol's words.
	Fault(f *Fault) (contentType string, body []byte)
	// FaultEvent is the same as an event of a stream that has begun.
	FaultEvent(f *Fault) []byte
	// Models puts a list of models into the protocol's words.
	Models(names []string) (contentType string, body []byte)
}

// Route is one thing that clients may ask for.
type Route struct {
	Method string
	// Path is exact, or has one {} that stands for any text, slashes included: /v1beta/models/{}:generateContent
	Path string
	// Service is what account platforms say they serve. Empty for what the relay answers by itself.
	Service string
	// Local is what the relay answers by itself.
	Local Local
}

// Described is a Protocol that has more to say of some of its services.
type Described interface {
	Services() []Service
}

// Service is what the engine must know of one besides its routes.
type Service struct {
	Name string
	// Main: it is what a platform's accounts are there for. Whether one may be used for another service, and how much of it, is said of
	// that service alone: it has endpoints, permissions and limits of its own.
	Main bool
	// Flows: its answer comes bit by bit, though it is no stream of events.
	Flows bool
}

// Local is a request that needs no account.
type Local uint8

// What the relay answers by itself.
const (
	Relayed Local = iota
	Hello         // a client's probe whether anybody is there; no key needed
	Discard       // telemetry that clients send to whom they take for their provider; no key needed
	ModelList
	Own    // the protocol answers it, as an Answerer; a good key is needed
	Canary // crs doctor's; a token is needed
)

// Answerer is a Protocol that answers some requests by itself.
type Answerer interface {
	// Answer gives the answer to a route that is Own; a refusal is a *Fault. models are those that the key may use.
	Answer(in *Inbound, models []string) (contentType string, body []byte, err error)
}

// Fault is a refusal or failure that the relay tells the client itself. Clients get its Message, the operator all of it.
type Fault struct {
	Status int
	Kind   FaultKind
	// Message is for the client: a category. It never says whom the relay asked, where, or by which way.
	Message string
	// Cause is what happened, for the record and the log alone: addresses, hosts and an upstream's words may be in it. Nil
	// when the message says it all.
	Cause   error
	Request string // the request's id
	// RetryAfter is told in the header of that name; zero when no time is known.
	RetryAfter time.Duration
}

// Error implements error: everything, which is for the operator.
func (f *Fault) Error() string {
	if f.Cause == nil {
		return f.Message
	}
	return f.Message + ": " + f.Cause.Error()
}

// Because gives f with its cause.
func (f *Fault) Because(cause error) *Fault {
	f.Cause = cause
	return f
}

// FaultKind is what went wrong, in no protocol's words.
type FaultKind uint8

// The kinds of faults.
const (
	BadRequest FaultKind = iota
	Unauthorized
	Spent
	Forbidden
	NotFound
	TooSlow
	TooLarge
	RateLimited
	Internal
	BadGateway
	Unavailable
	GatewayTimeout
	UpgradeRequired
)
