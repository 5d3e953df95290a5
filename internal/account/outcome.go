package account

import (
	"slices"
	"strings"
	"time"
)

// Outcome is what a lease taught about its account.
type Outcome struct {
	Result Result
	// Scope of a rest: "" for the whole account, or the model family that it is limited to.
	Scope string
	// Service and Model narrow it down further, to what is done and to a model's exact name.
	Service, Model string
	// Asked means that the request itself may have brought it about: what it asks for, how large it is. It is held against the
	// account only when it happens to several keys.
	Asked bool
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
	Unsupported               // it does not have the model, or not for this service; another model is another matter
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

// Spent reports whether there is nothing left of it.
func (w Window) Spent() bool { return w.Used >= 1 || w.Status == rejected }

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

// Cooldown is a rest of an account: a hint, not a sentence. It ends early when a probe or a fresh gauge says so.
type Cooldown struct {
	// Scope is a model family, Service what is done, Model a model's exact name, Key the id of a key: whichever of them are set
	// must fit a request for the rest to hold. With none it is the whole account's.
	Scope   string `json:"scope,omitempty"`
	Service string `json:"service,omitempty"`
	Model   string `json:"model,omitempty"`
	Key     string `json:"key,omitempty"`
	// Lacks marks that the account was found not to have the model, or not for the service.
	Lacks bool `json:"lacks,omitempty"`

	Since    time.Time `json:"since"`
	Until    time.Time `json:"until"`
	Evidence string    `json:"evidence"`
	// ProbeAt is when one request is let through to see whether the hint still holds; zero before Until.
	ProbeAt time.Time `json:"probe_at,omitzero"`
	// Denied marks a rest that a new credential ends.
	Denied bool `json:"denied,omitempty"`
}

// asked is what of a request rests are about.
type asked struct{ family, service, model, key string }

func (w *Want) asked() asked { return asked{w.Family, w.Service, w.Model, w.Key} }

// holds reports whether the rest is about such requests.
func (r *Cooldown) holds(a asked) bool {
	return (r.Scope == "" || r.Scope == a.family) && (r.Model == "" || r.Model == a.model) && (r.Key == "" || r.Key == a.key) && r.does(a.service)
}

// does reports whether the rest is about a service. One with a limit to some platforms is the same feature of the upstream.
func (r *Cooldown) does(service string) bool {
	rest, ok := strings.CutPrefix(service, r.Service)
	return r.Service == "" || ok && (rest == "" || rest[0] == '@')
}

// whole reports whether it is the whole account's.
func (r *Cooldown) whole() bool {
	return r.Scope == "" && r.Service == "" && r.Model == "" && r.Key == ""
}

// narrow reports whether a client's own input has brought it about. Such rests are few and short, end by themselves, and are
// nobody else's business.
func (r *Cooldown) narrow() bool { return r.Lacks || r.Key != "" }

// same reports whether two rests are about the same requests.
func (r *Cooldown) same(o Cooldown) bool {
	return r.Scope == o.Scope && r.Service == o.Service && r.Model == o.Model && r.Key == o.Key
}

// About says in words what it is limited to; "" for the whole account.
func (r *Cooldown) About() string {
	parts := slices.DeleteFunc([]string{r.Scope, r.Service, r.Model}, func(part string) bool { return part == "" })
	if r.Key != "" {
		parts = append(parts, "key "+r.Key)
	}
	return strings.Join(parts, ", ")
}

// told is the evidence, and whose it is where it stands against one key alone.
func (r *Cooldown) told() string {
	if r.Key == "" {
		return r.Evidence
	}
	return "for this key alone: " + r.Evidence
}

// open is when a request may try the account again.
func (r *Cooldown) open() time.Time {
	if !r.ProbeAt.IsZero() && r.ProbeAt.Before(r.Until) {
		return r.ProbeAt
	}
	return r.Until
}
