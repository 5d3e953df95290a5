package account

import (
	"encoding/json"
	"time"

	"crs/internal/errs"
)

// Delegate hands the lending over to another process: it adopts the slots that are taken, and whoever waits for one asks it
// anew. It gives what the pool has learnt, as Restore takes it. What is learnt from now on, the other process is told. Where
// nodes lend together already, the other process is another of them.
func (p *Pool) Delegate(to Shared) ([]byte, error) {
	p.mu.Lock()
	learnt := p.snapshot(p.home.sole())
	if p.home.sole() {
		p.turnTo(&together{p, to})
	}
	p.mu.Unlock()
	body, err := json.Marshal(learnt)
	return body, errs.Wrap(err, "write down what was learnt of the accounts")
}

// TakeBack takes the lending back: the other process is gone. What this pool has lent itself counts again.
func (p *Pool) TakeBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turnTo(p.home)
}

// turnTo has accounts lent otherwise from now on: the slots that are in use count there, and who waits looks there. It is called with
// mu held.
func (p *Pool) turnTo(l lending) {
	if p.lending == l {
		return
	}
	p.lending = l
	for _, e := range p.entries {
		e.elsewhere, e.fullAt = 0, time.Time{}
		for _, lease := range e.leases {
			lease.slot = l.adopt(e)
		}
	}
	for _, x := range p.line.all {
		x.wake()
	}
}

// Track counts a slot of an account that another process has taken, whatever the limit says: the request is under way. An
// account that is not known here has no slots to count.
func (p *Pool) Track(id string) Slot {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[id]
	if e == nil {
		return nothing{}
	}
	return p.track(e)
}

// TakeSlot takes a slot of the first account that has one free, for another process. taken is its index, -1 when none has;
// used tells how many slots of each are in use.
func (p *Pool) TakeSlot(of []Cap) (slot Slot, taken int, used []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range of {
		e := p.entries[c.Account]
		if e == nil {
			used = append(used, 0)
			continue
		}
		if len(e.leases) < c.Most {
			slot = p.track(e)
			return slot, i, append(used, len(e.leases))
		}
		used = append(used, len(e.leases))
	}
	return nil, -1, used
}

// track is called with mu held.
func (p *Pool) track(e *entry) Slot {
	l := &Lease{pool: p, entry: e, acc: e.acc, at: p.opt.Now(), seat: len(e.leases)}
	e.leases = append(e.leases, l)
	return tracked{l}
}

// tracked is another process's slot.
type tracked struct{ lease *Lease }

// Free implements Slot. Only the first call counts.
func (s tracked) Free() {
	p := s.lease.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.lease.seat >= 0 {
		s.lease.giveBack()
		p.lending.serve(s.lease.entry)
	}
}

type nothing struct{}

func (nothing) Free() {}
