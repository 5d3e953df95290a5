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
	told        []Window

	learnt
}

// learnt is what requests have taught about an account. It outlives the process.
type learnt struct {
	Rests    []Rest   `json:"rests,omitempty"`
	Windows  []Window `json:"windows,omitempty"`
	Failures int      `json:"failures,omitempty"` // in a row

	Parked   State     `json:"parked,omitempty"` // StateBlocked or StateNeeds, or ""
	Evidence string    `json:"evidence,omitempty"`
	ParkedAt time.Time `json:"parked_at,omitzero"`

	UsedAt  time.Time `json:"used_at,omitzero"`
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
		if e.Rests[i].Scope == "" && now.Before(e.Rests[i].Until) {
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
		e.Failures = 0
		e.wake(l.family, l.service)
		return
	case Answered:
		e.Failures = 0
		return
	}
	e.LastErr, e.LastAt = o.Evidence, now
	switch o.Result {
	case Failed:
		if e.Failures++; e.Failures >= opt.Failures {
			e.rest(now, Rest{Until: now.Add(opt.Failing), Evidence: o.Evidence})
		}
	case NeedsLogin:
		e.park(now, StateNeeds, o.Evidence)
	case Blocked:
		e.park(now, StateBlocked, o.Evidence)
	default:
		until, probe := opt.until(now, o)
		e.rest(now, Rest{Scope: o.Scope, Until: until, ProbeAt: probe, Evidence: o.Evidence, Denied: o.Result == Denied})
	}
}

func (e *entry) park(now time.Time, s State, evidence string) {
	e.Parked, e.Evidence, e.ParkedAt = s, evidence, now
}

// rest begins a rest, or changes the one with its scope.
func (e *entry) rest(now time.Time, r Rest) {
	r.Since = now
	i := slices.IndexFunc(e.Rests, func(old Rest) bool { return old.Scope == r.Scope })
	if i < 0 {
		e.makeRoom(now)
		e.Rests = append(e.Rests, r)
		return
	}
	if now.Before(e.Rests[i].Until) {
		r.Since = e.Rests[i].Since
	}
	e.Rests[i] = r
}

// mostRests bounds an account's rests: their scopes are models' names, and clients may ask for any.
const mostRests = 64

// makeRoom forgets the rests that are over, and one of those that end soonest when that is not enough.
func (e *entry) makeRoom(now time.Time) {
	if len(e.Rests) < mostRests {
		return
	}
	e.Rests = slices.DeleteFunc(e.Rests, func(r Rest) bool { return !now.Before(r.Until) })
	if len(e.Rests) < mostRests {
		return
	}
	first := -1
	for i, r := range e.Rests {
		if r.Scope != "" && (first < 0 || r.Until.Before(e.Rests[first].Until)) {
			first = i
		}
	}
	e.Rests = slices.Delete(e.Rests, first, first+1)
}

// wake ends the rests that a good answer disproves: the whole account's, the family's and the feature's.
func (e *entry) wake(family, service string) {
	e.Rests = slices.DeleteFunc(e.Rests, func(r Rest) bool { return r.holds(family, service) })
}

// gauge takes fresh gauges. When every one of them has room, a rest of the whole account that was about quota is over.
func (e *entry) gauge(now time.Time, fresh []Window) {
	room := true
	for _, w := range fresh {
		room = room && w.Used < 1 && w.Status != rejected
		i := slices.IndexFunc(e.Windows, func(old Window) bool { return old.Name == w.Name })
		if i < 0 {
			e.Windows = append(e.Windows, w)
			continue
		}
		e.Windows[i] = w
	}
	e.Windows = slices.DeleteFunc(e.Windows, func(w Window) bool { return !w.ResetsAt.IsZero() && !now.Before(w.ResetsAt) })
	if room {
		e.Rests = slices.DeleteFunc(e.Rests, func(r Rest) bool { return r.Scope == "" && !r.Denied })
	}
}

// rejected is the status of a window that is used up.
const rejected = "rejected"

// thaw forgets everything that keeps the account from being used, except what the operator said.
func (e *entry) thaw() {
	e.Rests, e.Failures, e.Parked, e.Evidence, e.ParkedAt = nil, 0, "", "", time.Time{}
}
