package account

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"crs/internal/model"
)

// Options are the knobs of a Pool.
type Options struct {
	Now func() time.Time
	// Platforms says what each platform serves, by its name.
	Platforms map[string]Platform
	// Wait is how long a request waits when only free slots are missing.
	Wait time.Duration
	// StickyFor is how long a conversation stays on its account after its last request.
	StickyFor time.Duration
	// The rests for which an upstream gave no end.
	Auth, Quota, Throttle time.Duration
	// Failures in a row make an account rest for Failing.
	Failures int
	Failing  time.Duration
	// Jitter is the most that is added to an end an upstream gave, so that waiting requests do not all come back at
	// that moment.
	Jitter time.Duration
	// Random gives a number in [0,1); nil means math/rand.
	Random func() float64
	// Changed, if not nil, is told of every change of an account's state, with no lock held. It must not block.
	Changed func(Change)
	// Shared, if not nil, is what the pools of several nodes have in common. RefuseAway has requests refused that need it
	// while it cannot be asked; otherwise this node's own count decides alone until it can.
	Shared     Shared
	RefuseAway bool
}

// Platform is what the pool must know of a platform.
type Platform struct {
	// Services are what it serves in the service's own protocol.
	Services []string
	// Translated are services that it serves in another protocol's words, by their names.
	Translated map[string]Translation
	// Foreign are patterns of models that are known to be other platforms': an account serves them only when its own list or
	// map names them.
	Foreign []string
	// OwnClient is the only client that a subscription of this platform serves unasked; "" for any.
	OwnClient string
	// Permission is the word by which keys permit the platform's accounts.
	Permission string
	// Catalog is what the price table calls the vendor whose models an account without a list of its own serves.
	Catalog string
}

// Translation is a service that a platform serves by way of one of its own.
type Translation struct {
	// To is the platform's own service.
	To string
	// Models are patterns of the models that are served unasked. All others are served when the account's map names them;
	// its list does not do.
	Models []string
}

// offers reports whether the platform serves a service at all.
func (p *Platform) offers(service string) bool {
	if slices.Contains(p.Services, service) {
		return true
	}
	_, translated := p.Translated[service]
	return translated
}

// Serves reports whether an account of the platform serves a service for a model; "" is any model.
func (p *Platform) Serves(a *Account, service, name string) bool {
	if name == "" || a.Map[name] != "" {
		return p.offers(service)
	}
	listed := len(a.Models) > 0 && model.MatchAny(a.Models, name)
	if slices.Contains(p.Services, service) {
		return listed || len(a.Models) == 0 && !model.MatchAny(p.Foreign, name)
	}
	return (listed || len(a.Models) == 0) && model.MatchAny(p.Translated[service].Models, name)
}

// all gives every service of the platform.
func (p *Platform) all() []string {
	return slices.AppendSeq(slices.Clone(p.Services), maps.Keys(p.Translated))
}

// Change is an account that began or stopped to be usable.
type Change struct {
	Account  *Account
	From, To State
	Scope    string // of a rest that is not the whole account's; From and To are then Ready and Cooling
	Until    time.Time
	Evidence string
}

const (
	// longest is the longest plan window there is; a hint beyond it is wrong. Spending limits last until a month ends.
	longest = 31 * 24 * time.Hour
	// unsupported is how long an account is not asked again for a model that it was found not to have: clients may ask for any
	// name, and what is missing today may be there soon.
	unsupported = 10 * time.Minute
)

// until is when the rest of an outcome ends, and when to look whether it has ended early.
func (o *Options) until(now time.Time, out Outcome) (until, probe time.Time) {
	guess := map[Result]time.Duration{
		Throttled: o.Throttle, Exhausted: o.Quota, Denied: o.Auth,
	}[out.Result]
	if out.Until.IsZero() {
		return now.Add(guess), o.probe(now, guess, 15*time.Second, 10*time.Minute)
	}
	hint := min(max(out.Until.Sub(now), 0), longest)
	return now.Add(hint + o.jitter()), o.probe(now, hint, 10*time.Minute, time.Hour)
}

func (o *Options) jitter() time.Duration { return time.Duration(o.random() * float64(o.Jitter)) }

// probe is a quarter of the way, within bounds, give or take a fifth.
func (o *Options) probe(now time.Time, rest, least, most time.Duration) time.Time {
	after := min(max(rest/4, least), most)
	after += time.Duration((o.random() - 0.5) * 0.4 * float64(after))
	if after >= rest {
		return time.Time{}
	}
	return now.Add(after)
}

func (o *Options) random() float64 {
	if o.Random != nil {
		return o.Random()
	}
	return rand.Float64()
}
