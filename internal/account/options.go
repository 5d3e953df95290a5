package account

import (
	"math/rand/v2"
	"time"
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
	// Shared, if not nil, is what the pools of several nodes have in common.
	Shared Shared
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
