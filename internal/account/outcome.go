package account

import (
	"strings"
	"time"
)

// Outcome is what a lease taught about its account.
type Outcome struct {
	Result Result
	// Scope of a rest: "" for the whole account, or the model family or feature it is limited to.
	Scope string
	// Until is when the upstream said the rest ends; zero when it did not say.
	Until time.Time
	// Evidence is what the upstream said, for people.
	Evidence string
	// Windows are the quota gauges that came with the answer; empty when none did.
	Windows []Window
}

// Result of a lease.
type Result uint8

// The results.
const (
	Unused      Result = iota // nothing was sent
	Served                    // it answered well; it is healthy
	Answered                  // it answered, and the fault is the client's
	Overloaded                // the provider is in trouble, not this account (529, 503)
	Failed                    // no answer, or a broken one; many in a row make it rest
	Throttled                 // too many requests, for a moment
	Exhausted                 // its quota is used up
	Denied                    // its credential was refused
	NeedsLogin                // its credential is gone for good until somebody logs in
	Blocked                   // the provider has shut it
	Unsupported               // it does not do what was asked (Scope says what)
)

// Results are all of them, in order.
func Results() []Result {
	return []Result{Unused, Served, Answered, Overloaded, Failed, Throttled, Exhausted, Denied, NeedsLogin, Blocked, Unsupported}
}

// String says it in a word.
func (r Result) String() string {
	return [...]string{
		"unused", "served", "answered", "overloaded", "failed", "throttled", "exhausted", "denied", "needs_login", "blocked", "unsupported",
	}[r]
}

// Window is a quota gauge, such as the five hours or the week of a plan.
type Window struct {
	Name     string    `json:"name"` // 5h, 7d, 7d_opus, …
	Used     float64   `json:"used"` // 0 to 1, more when over
	Status   string    `json:"status,omitempty"`
	ResetsAt time.Time `json:"resets_at,omitzero"`
}

// State is how an account is doing, in a word.
type State string

// The states.
const (
	Ready         State = "ready"
	Cooling       State = "cooling"     // rests until a time
	StateNeeds    State = "needs-login" // parked
	StateBlocked  State = "blocked"     // parked
	StateDisabled State = "disabled"    // by the operator
	StateExpired  State = "expired"     // its subscription is over
)

// States are all of them.
func States() []State {
	return []State{Ready, Cooling, StateNeeds, StateBlocked, StateDisabled, StateExpired}
}

// Rest is a cool-down: a hint, not a sentence. It ends early when a probe or a fresh gauge says so.
type Rest struct {
	// Scope is "" for the whole account, else a model family or a feature.
	Scope    string    `json:"scope,omitempty"`
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until"`
	Evidence string    `json:"evidence"`
	// ProbeAt is when one request is let through to see whether the hint still holds; zero before Until.
	ProbeAt time.Time `json:"probe_at,omitzero"`
	// Denied marks a rest that a new credential ends.
	Denied bool `json:"denied,omitempty"`
}

// holds reports whether the rest is about requests for a model family or a service.
func (r *Rest) holds(family, service string) bool {
	if r.Scope == "" || r.Scope == family {
		return true
	}
	rest, ok := strings.CutPrefix(service, r.Scope)
	return ok && (rest == "" || rest[0] == '@') // a service with a limit to some platforms is the same feature of the upstream
}

// open is when a request may try the account again.
func (r *Rest) open() time.Time {
	if !r.ProbeAt.IsZero() && r.ProbeAt.Before(r.Until) {
		return r.ProbeAt
	}
	return r.Until
}
