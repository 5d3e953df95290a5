package account

import "time"

// Lease is an account lent to one request. Release must be called once; the outcome decides whether the account rests.
type Lease struct {
	pool   *Pool
	entry  *entry
	acc    *Account
	about  asked
	why    why
	at     time.Time
	slot   Slot // on all nodes; nil when none is counted
	waited time.Duration

	// seat is where the lease stands in its entry's list; -1 when it is back. Guarded by the pool's lock.
	seat int

	// What the pick passed over, the first few, and how many accounts it looked at.
	passed [8]seen
	looked int
	kept   int
}

// sight is one account that was looked at, and what stood against it.
type seen struct {
	acc    *Account
	reason Reason
}

func (l *Lease) record(e *entry, r Reason) {
	l.looked++
	if r != Eligible && l.kept < len(l.passed) {
		l.passed[l.kept] = seen{e.acc, r}
		l.kept++
	}
}

// Account is what was lent, as it was at that moment. It must not be changed.
func (l *Lease) Account() *Account { return l.acc }

// Why tells why it was this account.
func (l *Lease) Why() string { return l.why.String() }

// Waited is how long the request stood in the queue for it.
func (l *Lease) Waited() time.Duration { return l.waited }

// Release gives the account back and tells what was learnt. Only the first call counts.
func (l *Lease) Release(o Outcome) {
	p := l.pool
	p.mu.Lock()
	if l.seat < 0 {
		p.mu.Unlock()
		return
	}
	changes := p.learn(l.entry, func(now time.Time) {
		l.giveBack()
		l.entry.apply(now, l, o, &p.opt)
	})
	p.lending.serve(l.entry)
	p.mu.Unlock()
	p.tell(changes)
}

// Healthy tells that the upstream has begun a good answer: a rest that this request was let through to probe is over,
// without waiting for the end of the answer.
func (l *Lease) Healthy(windows []Window) {
	p := l.pool
	p.mu.Lock()
	changes := p.learn(l.entry, func(now time.Time) {
		l.entry.apply(now, l, Outcome{Result: Served, Windows: windows}, &p.opt)
	})
	l.probed()
	if len(changes) > 0 {
		p.lending.serve(l.entry)
	}
	p.mu.Unlock()
	p.tell(changes)
}

// giveBack is called with the pool's lock held.
func (l *Lease) giveBack() {
	e := l.entry
	last := len(e.leases) - 1
	moved := e.leases[last]
	e.leases[l.seat], moved.seat = moved, l.seat
	e.leases[last] = nil
	e.leases = e.leases[:last]
	l.seat = -1
	l.probed()
	if l.slot != nil {
		l.slot.Free()
		l.slot, e.fullAt = nil, time.Time{}
	}
}

// probed ends that this request finds out whether a rest is over. It is called with the pool's lock held.
func (l *Lease) probed() {
	if l.entry.probe == l {
		l.entry.probe = nil
	}
}
