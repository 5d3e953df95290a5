package account

import (
	"encoding/hex"
	"slices"
	"time"
)

// StateUpdate is what one node's pool tells the others of an account: a conversation that is on it, or what was learnt of it.
type StateUpdate struct {
	Account string `json:"a"`

	// Session stands for a conversation, Until is how long it stays, in unix milliseconds.
	Session string `json:"s,omitempty"`
	// Key is the id of the key whose conversation it is.
	Key   string `json:"k,omitempty"`
	Until int64  `json:"u,omitempty"`

	// Generation is of the credential that the rest was learnt with.
	Generation int64      `json:"g,omitempty"`
	Rests      []Cooldown `json:"r,omitempty"` // begun, or changed
	Ended      []Cooldown `json:"e,omitempty"` // over; only their scopes and beginnings count
	Windows    []Window   `json:"w,omitempty"`
	Parked     *Parking   `json:"p,omitempty"`
}

// Parking is that an account was taken out of use, or is back, when State is "".
type Parking struct {
	State    State     `json:"state,omitempty"`
	Evidence string    `json:"evidence,omitempty"`
	At       time.Time `json:"at,omitzero"`
}

// Shift moves the times that are the sender's own to a clock that is ahead of its by so much.
func (n *StateUpdate) Shift(ahead time.Duration) {
	if ahead == 0 {
		return
	}
	if n.Until != 0 {
		n.Until += ahead.Milliseconds()
	}
	for _, rests := range [][]Cooldown{n.Rests, n.Ended} {
		for i := range rests {
			r := &rests[i]
			r.Since, r.Until, r.ProbeAt = shifted(r.Since, ahead), shifted(r.Until, ahead), shifted(r.ProbeAt, ahead)
		}
	}
}

func shifted(t time.Time, by time.Duration) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(by)
}

// ApplyUpdates takes over what another node has learnt. Accounts that are not known here are skipped.
func (p *Pool) ApplyUpdates(news []StateUpdate) {
	p.mu.Lock()
	now := p.opt.Now()
	var changes []Change
	for i := range news {
		n := &news[i]
		if n.Session != "" {
			p.applySession(n)
			continue
		}
		e := p.entries[n.Account]
		if e == nil || n.Generation != e.acc.Credential.Generation {
			continue
		}
		before := e.condition(now)
		e.hear(now, n)
		changes = append(changes, before.changes(e, now)...)
		p.lending.serve(e)
	}
	p.mu.Unlock()
	p.tell(changes)
}

func (p *Pool) applySession(n *StateUpdate) {
	var k sessionKey
	if size, err := hex.Decode(k[:], []byte(n.Session)); err != nil || size != len(k) {
		return
	}
	until := time.UnixMilli(n.Until)
	p.bind(n.Key, k, binding{account: n.Account, until: until, told: until}, p.opt.Now())
}

func (e *entry) hear(now time.Time, n *StateUpdate) {
	for _, r := range n.Ended {
		e.Rests = slices.DeleteFunc(e.Rests, func(o Cooldown) bool { return o.same(r) && !o.Since.After(r.Since) })
	}
	for _, r := range n.Rests {
		i := slices.IndexFunc(e.Rests, r.same)
		switch {
		case i < 0:
			e.makeRoom(now, r.narrow())
			e.Rests = append(e.Rests, r)
		case !r.Since.Before(e.Rests[i].Since):
			e.Rests[i] = r
		}
		e.LastErr, e.LastAt = r.Evidence, r.Since
	}
	for _, w := range n.Windows {
		e.setWindow(w)
	}
	if n.Parked != nil {
		e.Parked, e.Evidence, e.ParkedAt = n.Parked.State, n.Parked.Evidence, n.Parked.At
	}
	e.told = slices.Clone(e.Windows)
}

// spread tells the others what is known now and was not before. It is called with the pool's lock held.
func (p *Pool) spread(before condition, e *entry) {
	n := StateUpdate{Account: e.acc.ID, Generation: e.acc.Credential.Generation}
	for _, r := range e.Rests {
		if !r.narrow() && !slices.Contains(before.rests, r) {
			n.Rests = append(n.Rests, r)
		}
	}
	for _, r := range before.rests {
		if !r.narrow() && !slices.ContainsFunc(e.Rests, r.same) {
			n.Ended = append(n.Ended, Cooldown{Scope: r.Scope, Service: r.Service, Model: r.Model, Since: r.Since})
		}
	}
	if before.parked != e.Parked {
		n.Parked = &Parking{State: e.Parked, Evidence: e.Evidence, At: e.ParkedAt}
	}
	n.Windows = e.untold()
	if len(n.Rests)+len(n.Ended)+len(n.Windows) > 0 || n.Parked != nil {
		e.told = slices.Clone(e.Windows)
		p.lending.publish(n)
	}
}

// untold is the gauges that have moved so far that the other nodes should know: most answers move them a little.
func (e *entry) untold() []Window {
	const little = 0.01
	var moved []Window
	for _, w := range e.Windows {
		i := slices.IndexFunc(e.told, func(o Window) bool { return o.Name == w.Name })
		if i >= 0 {
			o := &e.told[i]
			near := max(w.Used-o.Used, o.Used-w.Used) < little && w.ResetsAt.Sub(o.ResetsAt).Abs() < time.Minute
			if near && w.Status == o.Status && (w.Used < nearly) == (o.Used < nearly) {
				continue
			}
		}
		moved = append(moved, w)
	}
	return moved
}

// tellSession tells the other nodes of a conversation, unless what they know will do for a while.
func (p *Pool) tellSession(key string, k sessionKey, b binding) binding {
	if b.until.Sub(b.told) < p.opt.StickyFor/8 {
		return b
	}
	b.told = b.until
	p.lending.publish(StateUpdate{Account: b.account, Key: key, Session: hex.EncodeToString(k[:]), Until: b.until.UnixMilli()})
	return b
}
