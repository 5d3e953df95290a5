package account

import (
	"slices"
	"time"
)

// condition is how an account was doing before something was learnt.
type condition struct {
	state  State
	rests  []Cooldown
	parked State
}

func (e *entry) condition(now time.Time) condition {
	s, _ := e.state(now)
	return condition{state: s, rests: slices.Clone(e.Rests), parked: e.Parked}
}

// learn does what changes how an account is doing, tells other nodes, and gives what is worth telling here. It is called with mu
// held.
func (p *Pool) learn(e *entry, do func(now time.Time)) []Change {
	now := p.opt.Now()
	before := e.condition(now)
	do(now)
	p.spread(before, e)
	return before.changes(e, now)
}

// changes is what is different now and worth telling.
func (c condition) changes(e *entry, now time.Time) []Change {
	var all []Change
	if s, until := e.state(now); s != c.state {
		all = append(all, Change{Account: e.acc, From: c.state, To: s, Until: until, Evidence: e.why(s)})
	}
	for _, r := range e.Rests {
		if r.partly() && !slices.ContainsFunc(c.rests, func(o Cooldown) bool { return o.same(r) && o.Since.Equal(r.Since) }) {
			all = append(all, Change{Account: e.acc, From: Ready, To: Cooling, Scope: r.About(), Until: r.Until, Evidence: r.Evidence})
		}
	}
	for _, r := range c.rests {
		if r.partly() && !slices.ContainsFunc(e.Rests, r.same) {
			all = append(all, Change{Account: e.acc, From: Cooling, To: Ready, Scope: r.About()})
		}
	}
	return all
}

// partly reports whether a rest is of a part of the account, and worth telling.
func (r *Cooldown) partly() bool { return !r.whole() && !r.narrow() }

// why is the evidence for a state.
func (e *entry) why(s State) string {
	switch s {
	case Cooling:
		for _, r := range e.Rests {
			if r.whole() {
				return r.Evidence
			}
		}
	case StateNeeds:
		if e.Parked == "" {
			return "its token has ended and there is none to refresh it with"
		}
		return e.Evidence
	case StateBlocked:
		return e.Evidence
	}
	return ""
}

// tell is called with no lock held.
func (p *Pool) tell(changes []Change) {
	if p.changed == nil {
		return
	}
	for _, c := range changes {
		p.changed(c)
	}
}
