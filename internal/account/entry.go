package account

import (
	"slices"
	"time"
)

// entry is an account with how it is doing. It is guarded by its pool's lock.
type entry struct {
	acc       *Account
	platform  *Platform
	ownClient string // the only client a subscription of its platform serves; "" for any

	leases []*Lease // out now; its length is the load
	used   uint64   // when it was last used, in picks of the pool
	probe  *Lease   // the one request that may find out whether a rest is over

	// What other nodes hold of it, as it was last learnt, and which gauges they were told.
	elsewhere   int
	elsewhereAt time.Time
	fullAt      time.Time // when all nodes together were found to fill it
	told        []Window

	learnt
}

// learnt is what requests have taught about an account. It outlives the process.
type learnt struct {
	Rests    []Cooldown `json:"rests,omitempty"`
	Windows  []Window   `json:"windows,omitempty"`
	Failures int        `json:"failures,omitempty"` // in a row
	// FailedFor are the keys whose requests have failed so, as far as the requests themselves may have been to blame.
	FailedFor []keyFailures `json:"failed_for,omitempty"`

	Parked   State     `json:"parked,omitempty"` // StateBlocked or StateNeeds, or ""
	Evidence string    `json:"evidence,omitempty"`
	ParkedAt time.Time `json:"parked_at,omitzero"`

	UsedAt  time.Time `json:"used_at,omitzero"`
	GoodAt  time.Time `json:"good_at,omitzero"`     // when it last answered as an account does that is well
	LastErr string    `json:"last_error,omitempty"` // what last went wrong, for people
	LastAt  time.Time `json:"last_error_at,omitzero"`
}

// state is the word for how it is doing as a whole, and until when.
func (e *entry) state(now time.Time) (State, time.Time) {
	switch {
	case e.acc.Disabled:
		return StateDisabled, time.Time{}
	case e.Parked != "":
		return e.Parked, time.Time{}
	case !e.acc.SubscriptionEnds.IsZero() && !now.Before(e.acc.SubscriptionEnds):
		return StateExpired, e.acc.SubscriptionEnds
	case e.acc.Credential.Dead(now):
		return StateNeeds, time.Time{}
	}
	for i := range e.Rests {
		if e.Rests[i].whole() && now.Before(e.Rests[i].Until) {
			return Cooling, e.Rests[i].Until
		}
	}
	return Ready, time.Time{}
}

// apply learns from how a lease ended.
func (e *entry) apply(now time.Time, l *Lease, o Outcome, opt *Options) {
	if len(o.Windows) > 0 {
		e.gauge(now, o.Windows)
	}
	switch o.Result {
	case Unused, Overloaded:
		return
	case Served:
		e.forgive()
		e.GoodAt = now
		e.wake(l.about)
		return
	case Answered:
		e.forgive()
		e.GoodAt = now
		return
	}
	e.LastErr, e.LastAt = o.Evidence, now
	switch o.Result {
	case Failed:
		if whose, enough := e.failed(l.about.key, o.Asked, opt.Failures); enough {
			e.rest(now, Cooldown{Service: o.Service, Key: whose, Until: now.Add(opt.Failing), Evidence: o.Evidence})
		}
	case Unsupported:
		r := Cooldown{Service: o.Service, Model: l.about.model, Lacks: true, Until: now.Add(unsupported), Evidence: o.Evidence}
		e.rest(now, e.confirmed(now, r, o.Asked, l.about.key))
	case NeedsLogin:
		e.park(now, StateNeeds, o.Evidence)
	case Blocked:
		e.park(now, StateBlocked, o.Evidence)
	default:
		until, probe := opt.until(now, o)
		r := Cooldown{Scope: o.Scope, Service: o.Service, Model: o.Model, Until: until, ProbeAt: probe, Evidence: o.Evidence, Denied: o.Result == Denied}
		e.rest(now, e.confirmed(now, r, o.Asked, l.about.key))
	}
}

// confirmed is the rest that an outcome makes: what a request may have brought about holds for its key alone, and shortly, until
// another key has met it too. Then it holds for minutes, where it is about a model.
func (e *entry) confirmed(now time.Time, r Cooldown, asked bool, key string) Cooldown {
	if asked && key != "" && !e.others(now, r, key) {
		r.Key, r.Until, r.ProbeAt = key, earlier(r.Until, now.Add(ofOneKey)), time.Time{}
	}
	if asked && r.Model != "" {
		r.Until = earlier(r.Until, now.Add(ofOneModel))
	}
	return r
}

// ofOneKey is the longest that an account rests for one key alone, and ofOneModel for a model, of what requests may have brought about.
const (
	ofOneKey   = time.Minute
	ofOneModel = 10 * time.Minute
)

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (e *entry) park(now time.Time, s State, evidence string) {
	e.Parked, e.Evidence, e.ParkedAt = s, evidence, now
}

// rest begins a rest, or changes the one with its scope.
func (e *entry) rest(now time.Time, r Cooldown) {
	r.Since = now
	i := slices.IndexFunc(e.Rests, r.same)
	if i < 0 {
		e.makeRoom(now, r.narrow())
		e.Rests = append(e.Rests, r)
		return
	}
	if now.Before(e.Rests[i].Until) {
		r.Since = e.Rests[i].Since
	}
	e.Rests[i] = r
}

// mostRests bounds an account's rests, and mostNarrow those that clients bring about besides: their scopes are models' names,
// and clients may ask for any.
const (
	mostRests  = 64
	mostNarrow = 32
)

// makeRoom forgets the rests that are over, and one of those that end soonest when that is not enough. What clients bring about
// takes no room from the rest.
func (e *entry) makeRoom(now time.Time, narrow bool) {
	most := mostRests
	if narrow {
		most = mostNarrow
	}
	if e.restsAlike(narrow) < most {
		return
	}
	e.Rests = slices.DeleteFunc(e.Rests, func(r Cooldown) bool { return !now.Before(r.Until) })
	if e.restsAlike(narrow) < most {
		return
	}
	first := -1
	for i, r := range e.Rests {
		if r.narrow() == narrow && !r.whole() && (first < 0 || r.Until.Before(e.Rests[first].Until)) {
			first = i
		}
	}
	e.Rests = slices.Delete(e.Rests, first, first+1)
}

func (e *entry) restsAlike(narrow bool) (n int) {
	for i := range e.Rests {
		if e.Rests[i].narrow() == narrow {
			n++
		}
	}
	return n
}

// wake ends the rests that a good answer disproves: the whole account's, the family's, the feature's and the model's.
func (e *entry) wake(about asked) {
	e.Rests = slices.DeleteFunc(e.Rests, func(r Cooldown) bool { return r.holds(about) })
}

// gauge takes fresh gauges. When every one of them has room, a rest of the whole account that was about quota is over.
func (e *entry) gauge(now time.Time, fresh []Window) {
	room := true
	for _, w := range fresh {
		room = room && !w.Spent()
		e.setWindow(w)
	}
	e.Windows = slices.DeleteFunc(e.Windows, func(w Window) bool { return !w.ResetsAt.IsZero() && !now.Before(w.ResetsAt) })
	if room {
		e.Rests = slices.DeleteFunc(e.Rests, func(r Cooldown) bool { return r.whole() && !r.Denied })
	}
}

// setWindow puts a gauge in the place of the one with its name.
func (e *entry) setWindow(w Window) {
	i := slices.IndexFunc(e.Windows, func(old Window) bool { return old.Name == w.Name })
	if i < 0 {
		e.Windows = append(e.Windows, w)
		return
	}
	e.Windows[i] = w
}

// rejected is the status of a window that is used up.
const rejected = "rejected"

// thaw forgets everything that keeps the account from being used, except what the operator said.
func (e *entry) thaw() {
	e.forgive()
	e.Rests, e.Parked, e.Evidence, e.ParkedAt = nil, "", "", time.Time{}
}
