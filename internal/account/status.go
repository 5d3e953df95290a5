package account

import (
	"slices"
	"time"
)

// Status is an account and how it is doing.
type Status struct {
	Account   *Account
	State     State
	Until     time.Time // of a state that passes
	Why       string
	Rests     []Cooldown // those that hold, and refusals that only one key has met so far
	Windows   []Window
	InUse     int
	LastUsed  time.Time
	Failures  int // in a row
	LastErr   string
	LastErrAt time.Time
}

// Status tells how an account is doing.
func (p *Pool) Status(id string) (Status, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[id]
	if e == nil {
		return Status{}, false
	}
	return e.status(p.opt.Now()), true
}

// Statuses tells how every account is doing, all at one moment.
func (p *Pool) Statuses() []Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, all := p.opt.Now(), make([]Status, 0, len(p.entries))
	for _, e := range p.entries {
		all = append(all, e.status(now))
	}
	return all
}

func (e *entry) status(now time.Time) Status {
	s, until := e.state(now)
	return Status{
		Account: e.acc, State: s, Until: until, Why: e.why(s),
		Rests:   slices.DeleteFunc(slices.Clone(e.Rests), func(r Cooldown) bool { return !now.Before(r.Until) && !e.unconfirmed(now, &r) }),
		Windows: slices.Clone(e.Windows), InUse: len(e.leases) + e.foreign(now), LastUsed: e.UsedAt,
		Failures: e.Failures, LastErr: e.LastErr, LastErrAt: e.LastAt,
	}
}

// Count is how many accounts there are, and how many of them are ready.
func (p *Pool) Count() (all, ready int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.opt.Now()
	for _, e := range p.entries {
		if s, _ := e.state(now); s == Ready {
			ready++
		}
	}
	return len(p.entries), ready
}

// Standing is a state of accounts of a platform.
type Standing struct {
	Platform string
	State    State
}

// Standings counts the accounts by platform and state.
func (p *Pool) Standings() map[Standing]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, n := p.opt.Now(), map[Standing]int{}
	for _, e := range p.entries {
		s, _ := e.state(now)
		n[Standing{e.acc.Platform, s}]++
	}
	return n
}

// Waiting is how many requests wait for a slot.
func (p *Pool) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.line.all)
}

// Thaw makes an account usable at once, as far as only what was learnt stands against it.
func (p *Pool) Thaw(id string) bool {
	return p.change(id, func(e *entry, _ time.Time) { e.thaw() })
}

// Park takes an account out of use until somebody logs in again.
func (p *Pool) Park(id, evidence string) bool {
	return p.change(id, func(e *entry, now time.Time) { e.park(now, StateNeeds, evidence) })
}

func (p *Pool) change(id string, do func(*entry, time.Time)) bool {
	p.mu.Lock()
	e := p.entries[id]
	if e == nil {
		p.mu.Unlock()
		return false
	}
	changes := p.learn(e, func(now time.Time) { do(e, now) })
	p.lending.serve(e)
	p.mu.Unlock()
	p.tell(changes)
	return true
}
